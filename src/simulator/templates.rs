//! The templates of an account.
//!
//! [`Templates`] are drawn from the account's seed. `endpoints` lists them and `message_maker` makes messages from them, so
//! every template that a message names is in the list.
//!
//! *Easy to get wrong:* drafts and rejected templates are in the list, but no message is made from them.
//!
//! The names are invented. The unit tests check that ids are distinct and that some templates are usable.

use uuid::Uuid;

use super::json::JsonText;
use super::random::{DrawPurpose, Draws, draw};
use super::times::{DAY, SECOND, Ticks, ZoneSuffix};

/// Name, category, text, button.
type TemplateKind = (&'static str, &'static str, &'static str, Option<&'static str>);

const KINDS: &[TemplateKind] = &[
    ("order_confirmed", "UTILITY", "Thank you, {{name}}! Your order {{order}} is on its way.", Some("Track")),
    ("appointment_reminder", "UTILITY", "Hello {{name}}, we see you on {{day}} at 10:30.", Some("Reschedule")),
    ("login_code", "AUTHENTICATION", "{{code}} is your code. Don't share it.", None),
    ("spring_sale", "MARKETING", "Up to 40% off & free delivery, until Sunday!", Some("Shop now")),
    ("back_in_stock", "MARKETING", "{{name}}, what you were waiting for is back.", Some("Look")),
    ("invoice_ready", "UTILITY", "Invoice {{order}} over €1,250.00 is ready.", None),
    ("bienvenida", "MARKETING", "¡Hola {{name}}! Gracias por unirte a nosotros.", None),
    ("payment_failed", "UTILITY", "We could not charge your card (order {{order}}).", Some("Pay")),
    ("feedback", "MARKETING", "How did we do? Answer 1 to 5.\nIt takes a minute.", None),
    ("übergabe_termin", "UTILITY", "Guten Tag {{name}}, Ihr Fahrzeug steht bereit.", None),
    ("reset_password", "AUTHENTICATION", "Use {{code}} to choose a new password.", None),
    ("winter_campaign", "MARKETING", "It's cold outside. 2+1 free on everything warm.", Some("Shop now")),
];

const STATUSES: &[(u32, &str)] = &[(800, "APPROVED"), (80, "PENDING"), (60, "REJECTED"), (60, "DRAFT")];

const LANGUAGES: &[(u32, &str)] = &[(700, "en_US"), (100, "es"), (100, "de"), (100, "pt_BR")];

/// A template.
#[derive(Debug, Clone)]
pub(super) struct Template {
    /// Its id.
    pub(super) id: Uuid,
    /// Its name.
    pub(super) name: &'static str,
    /// `MARKETING`, `UTILITY` or `AUTHENTICATION`.
    pub(super) category: &'static str,
    /// `APPROVED`, or a status that makes it unusable.
    pub(super) status: &'static str,
    /// Its text.
    pub(super) text: &'static str,
    /// The text of its button.
    pub(super) button: Option<&'static str>,
    customer_id: Uuid,
    language: &'static str,
    created: Ticks,
}

/// The templates of an account.
#[derive(Debug, Clone)]
pub(super) struct Templates {
    list: Vec<Template>,
    /// The usable ones.
    usable: Vec<usize>,
}

impl Templates {
    /// The templates of the account with this seed and id.
    pub(super) fn new(seed: u64, customer_id: Uuid) -> Self {
        let template = |(number, (name, category, text, button)): (u64, &TemplateKind)| {
            let mut draws = Draws::new(seed, DrawPurpose::Template, number);
            let status: &&str = draws.pick_weighted(1_000, STATUSES);
            let language: &&str = draws.pick_weighted(1_000, LANGUAGES);
            let (high, low) = (
                draw(seed, DrawPurpose::Template, number << 8 | 1),
                draw(seed, DrawPurpose::Template, number << 8 | 2),
            );
            Template {
                id: uuid::Builder::from_random_bytes(Uuid::from_u64_pair(high, low).into_bytes()).into_uuid(),
                name,
                category,
                text,
                button: *button,
                customer_id,
                // The first is always usable.
                status: if number == 0 { "APPROVED" } else { status },
                language,
                created: Ticks(18_000 * DAY + i64::from(draws.below(1_000_000_000)) * SECOND / 10),
            }
        };
        let list: Vec<Template> = (0..).zip(KINDS).map(template).collect();
        let usable = (0..list.len()).filter(|number| list[*number].status == "APPROVED").collect();
        Self { list, usable }
    }

    /// All of them.
    pub(super) fn list(&self) -> &[Template] {
        &self.list
    }

    /// A usable one.
    pub(super) fn draw(&self, draws: &mut Draws) -> &Template {
        &self.list[*draws.pick(&self.usable)]
    }
}

impl Template {
    /// Appends the JSON.
    pub(super) fn write(&self, json: &mut JsonText) {
        json.raw("{");
        json.verbatim_member("id", Some(&self.id.to_string()));
        json.verbatim_member("customer_id", Some(&self.customer_id.to_string()));
        json.text_member("name", Some(self.name));
        json.text_member("category", Some(self.category));
        json.text_member("status", Some(self.status));
        json.text_member("language", Some(self.language));
        json.raw_member("channels", "[\"sms\",\"whatsapp\",\"rcs\",\"mms\"]");
        json.key("variables");
        let names = self.text.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
        json.list(names, JsonText::string);
        json.flag_member("is_published", Some(self.status == "APPROVED"));
        json.verbatim_member("created_at", Some(&self.created.text(ZoneSuffix::Letter)));
        json.raw_member("updated_at", "null");
        json.raw("}");
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::Escapes;
    use super::*;

    #[test]
    fn templates_differ_and_some_can_be_used() {
        let templates = Templates::new(5, Uuid::from_u128(1));
        let mut ids: Vec<Uuid> = templates.list().iter().map(|template| template.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), KINDS.len());
        assert!(!templates.usable.is_empty() && templates.usable.len() < KINDS.len());
        assert_eq!(templates.draw(&mut Draws::new(1, DrawPurpose::Message, 1)).status, "APPROVED");
    }

    #[test]
    fn the_json_names_the_variables() {
        let mut json = JsonText::new(Escapes::DotNet, 0);
        Templates::new(5, Uuid::from_u128(1)).list()[0].write(&mut json);
        let value: serde_json::Value = serde_json::from_slice(&json.into_bytes()).unwrap();
        assert_eq!(value["variables"], serde_json::json!(["name", "order"]));
        assert_eq!(value["customer_id"], Uuid::from_u128(1).to_string());
    }
}
