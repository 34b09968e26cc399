//! Generates messages.
//!
//! A [`MessageDraft`] holds what seed, number and contact determine about a message: direction, channel, timeline and price.
//! [`MessageDraft::message`] generates the message as of a given time. Nothing is stored, so a million messages take no memory.
//! `mailbox` calls it.
//!
//! *Easy to get wrong:* the timeline of a message depends on its creation time, so the same number created at another
//! time is another message. Its text, price and outcome are the same.
//!
//! One message in five is inbound. The channel is one of the contact's; the price is invented for region and channel.
//!
//! The unit tests generate messages of both directions; the server tests compare them with activities and summaries.

use uuid::Uuid;

use super::contact::Contact;
use super::message::{Message, MessageBody, MessageEvent};
use super::random::{DrawPurpose, Draws, mix};
use super::templates::{Template, Templates};
use super::timeline::{StatusEvent, Timeline};
use super::times::{Ticks, ZoneSuffix};

/// Texts of inbound messages.
const REPLIES: &[&str] = &[
    "STOP",
    "Yes, please!",
    "Thanks 🙏",
    "¿A qué hora abren?",
    "I'm late, can we do 11:00?",
    "ok",
    "Who is this?",
    "HELP",
    "\"Tuesday\" works\nfor me",
    "はい",
];

/// Texts of outbound messages without a template.
const TEXTS: &[&str] = &[
    "Your table is ready.",
    "We've answered your question, see https://example.com/t/8?a=1&b=2",
    "Ihr Paket kommt heute zwischen 14:00 und 16:00 Uhr.",
    "Call us back, please: +1 202-555-0100",
];

const NAMES: &[&str] = &["Ana", "Björn", "Chloé", "D'Arcy", "Erika", "冬子", "Олег"];

/// A sender: an account and its templates.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    /// The account.
    pub(super) customer_id: Uuid,
    /// Its templates.
    pub(super) templates: Templates,
}

/// The properties of a message that do not depend on the current time.
#[derive(Debug)]
pub(super) struct MessageDraft {
    number: u32,
    created: Ticks,
    /// Whether it is inbound.
    pub(super) is_inbound: bool,
    /// `sms`, `whatsapp` or `rcs`.
    pub(super) channel: &'static str,
    timeline: Timeline,
    /// Price and markup in ten-thousandths, once it is sent.
    price: u64,
    active_contact_price: Option<u64>,
    /// Random numbers for its text.
    draws: Draws,
    is_campaign: bool,
}

impl MessageDraft {
    /// Determines a message to or from this contact.
    pub(super) fn new(seed: u64, number: u32, created: Ticks, contact: &Contact, is_campaign: bool) -> Self {
        let mut draws = Draws::new(seed, DrawPurpose::Message, u64::from(number));
        let is_inbound = draws.in_thousand(200) && !is_campaign;
        let channel = channel_of(contact, &mut draws);
        let price = price(contact.region_code.as_deref(), channel, &mut draws);
        let active_contact_price = draws.in_thousand(150).then(|| u64::from(10 + draws.below(90)));
        let mut life = Draws::new(seed, DrawPurpose::Message, u64::from(number) | 1 << 40);
        let timeline =
            if is_inbound { Timeline::inbound(created) } else { Timeline::draw(created, channel != "sms", &mut life) };
        Self { number, created, is_inbound, channel, timeline, price, active_contact_price, draws, is_campaign }
    }

    /// The status at this time.
    pub(super) fn status(&self, now: Ticks) -> &'static str {
        self.timeline.until(now).last().map_or("QUEUED", |step| step.status)
    }

    /// The whole message as of this time.
    pub(super) fn message(mut self, id: Uuid, contact: &Contact, sender: &Sender, now: Ticks) -> Message {
        let steps = self.timeline.until(now).to_vec();
        let template = (!self.is_inbound && (self.is_campaign || self.draws.in_thousand(600)))
            .then(|| self.template(&sender.templates));
        let body = self.body(template);
        let is_sent = |step: &StatusEvent| matches!(step.status, "SENT" | "DELIVERED" | "READ");
        let is_priced = steps.iter().any(is_sent);
        let zone = if self.draws.in_thousand(50) { ZoneSuffix::Offset } else { ZoneSuffix::Letter };
        let last = steps.last().copied();
        // The database stores ten-thousandths; whether trailing zeros are sent depends on how the number was computed.
        let is_short = self.draws.in_thousand(300);
        Message {
            number: self.number,
            id: Some(id.to_string()),
            customer_id: Some(sender.customer_id.to_string()),
            contact_id: contact.id.clone(),
            phone: contact.format_e164.clone().or_else(|| contact.phone_number.clone()),
            phone_international: contact.format_international.clone(),
            region_code: contact.region_code.clone(),
            template: template
                .map(|template| [&template.id.to_string(), template.name, template.category].map(str::to_owned)),
            channel: Some(self.channel.to_owned()),
            direction: Some(if self.is_inbound { "INBOUND" } else { "OUTBOUND" }.to_owned()),
            status: last.map(|step| step.status.to_owned()),
            body,
            reason: last.and_then(|step| step.reason),
            created_at: Some(self.created.text(zone)),
            price: is_priced.then(|| number(self.price, is_short)),
            active_contact_price: self.active_contact_price.filter(|_| is_priced).map(|price| number(price, is_short)),
            events: Some(self.events(&steps, contact)),
            scheduled_at: steps.iter().rev().find_map(|step| step.scheduled).map(|at| at.text(ZoneSuffix::Letter)),
            shape: super::message::MessageShape::default(),
        }
    }

    /// The template that a message is made from; that of its campaign, if it belongs to one.
    fn template<'list>(&mut self, templates: &'list Templates) -> &'list Template {
        let mut draws = self.draws.clone();
        if self.is_campaign {
            draws = Draws::new(0, DrawPurpose::Message, mix(self.created.0.unsigned_abs()));
        }
        templates.draw(&mut draws)
    }

    fn events(&mut self, steps: &[StatusEvent], contact: &Contact) -> Vec<MessageEvent> {
        let from = if self.is_inbound { contact.format_e164.clone() } else { Some("+12025550100".to_owned()) };
        let mut is_priced = false;
        let event = |step: &StatusEvent| {
            is_priced |= step.status == "SENT";
            MessageEvent {
                status: step.status.to_owned(),
                timestamp: step.at.text(ZoneSuffix::Letter),
                description: self.draws.in_thousand(970).then(|| description(step.status, self.channel)),
                from: if matches!(step.status, "ACCEPTED" | "QUEUED") { None } else { from.clone() },
                price: is_priced.then(|| number(self.price, false)),
                active_contact_price: self.active_contact_price.filter(|_| is_priced).map(|price| number(price, false)),
                reason: step.reason,
                scheduled_at: step.scheduled.map(|at| at.text(ZoneSuffix::Letter)),
            }
        };
        steps.iter().map(event).collect()
    }

    fn body(&mut self, template: Option<&Template>) -> Option<MessageBody> {
        let draws = &mut self.draws;
        if draws.in_thousand(25) {
            return None;
        }
        let name = *draws.pick(NAMES);
        let mut body = MessageBody::default();
        match template {
            Some(template) => {
                body.content = template
                    .text
                    .replace("{{name}}", name)
                    .replace("{{order}}", &format!("A-{}", 10_000 + draws.below(90_000)))
                    .replace("{{code}}", &format!("{:06}", draws.below(1_000_000)))
                    .replace("{{day}}", "Tuesday");
                if self.channel != "sms" {
                    body.header = draws.in_thousand(300).then(|| format!("For {name}"));
                    body.footer = draws.in_thousand(500).then(|| "Reply STOP to opt out".to_owned());
                    let link = |text: &str| ["URL", text, "https://example.com/?u=1&v=2"].map(str::to_owned);
                    body.buttons = template.button.map(link).into_iter().collect();
                    body.header_media =
                        draws.in_thousand(100).then(|| ["image", "https://example.com/banner.png"].map(str::to_owned));
                }
            }
            None if self.is_inbound => (*draws.pick(REPLIES)).clone_into(&mut body.content),
            None => (*draws.pick(TEXTS)).clone_into(&mut body.content),
        }
        if template.is_none() && draws.in_thousand(40) {
            let url = format!("https://example.com/media/{}", draws.below(1_000_000));
            body.media.push((url, "image", "image/jpeg", u64::from(draws.below(5_000_000))));
            body.subject = draws.in_thousand(500).then(|| "Photo".to_owned());
        }
        Some(body)
    }
}

/// One of the channels that the contact has.
fn channel_of(contact: &Contact, draws: &mut Draws) -> &'static str {
    let list = contact.available_channels.as_deref().unwrap_or_default();
    let known = ["sms", "whatsapp", "rcs"]
        .into_iter()
        .filter(|channel| list.split(',').any(|name| name.trim().eq_ignore_ascii_case(channel)));
    let known: Vec<&'static str> = known.collect();
    let number = draws.below(u32::try_from(known.len().max(1)).unwrap_or(1));
    known.get(number as usize).copied().unwrap_or("sms")
}

/// A price in ten-thousandths: constant for a region and channel, except for one message in ten that is long.
fn price(region: Option<&str>, channel: &str, draws: &mut Draws) -> u64 {
    let name = region.unwrap_or("US").bytes().chain(channel.bytes());
    let base = 40 + mix(name.fold(0_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))) % 860;
    base * if draws.in_thousand(100) { 2 } else { 1 }
}

/// Ten-thousandths with four decimal places, or without trailing zeros.
fn number(amount: u64, is_short: bool) -> String {
    let text = format!("{}.{:04}", amount / 10_000, amount % 10_000);
    if is_short { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn description(status: &str, channel: &str) -> String {
    match status {
        "SENT" => format!("Message handed to the {channel} carrier"),
        "RECEIVED" => "Message received from contact".to_owned(),
        _ => format!("Message {}", status.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::maker::{ContactChange, Maker};
    use super::super::times::DAY;
    use super::*;

    const CREATED: Ticks = Ticks(20_600 * DAY);

    fn message(number: u32, now: Ticks) -> Message {
        let contact = Maker { seed: 3, initial: 900, customer_id: None, hostile: false }
            .contact(number % 900, ContactChange::default());
        let sender = Sender { customer_id: Uuid::from_u128(9), templates: Templates::new(3, Uuid::from_u128(9)) };
        MessageDraft::new(3, number, CREATED, &contact, false).message(Uuid::from_u128(1), &contact, &sender, now)
    }

    #[test]
    fn one_message_in_five_is_inbound_with_one_event_and_no_price() {
        let late = Ticks(CREATED.0 + 30 * DAY);
        let inbound: Vec<Message> = (0..2_000)
            .map(|number| message(number, late))
            .filter(|m| m.direction.as_deref() == Some("INBOUND"))
            .collect();
        assert!((320..480).contains(&inbound.len()), "{}", inbound.len());
        for message in inbound {
            assert_eq!((message.status.as_deref(), message.price), (Some("RECEIVED"), None));
            assert_eq!(message.events.map(|events| events.len()), Some(1));
        }
    }

    #[test]
    fn the_status_is_that_of_the_last_event_and_a_price_comes_when_it_is_sent() {
        for number in 0..500 {
            for now in [CREATED, Ticks(CREATED.0 + 30_000_000), Ticks(CREATED.0 + 30 * DAY)] {
                let message = message(number, now);
                let events = message.events.unwrap();
                assert_eq!(message.status.as_deref(), events.last().map(|event| event.status.as_str()));
                let sent = events.iter().any(|event| event.status == "SENT");
                assert_eq!(message.price.is_some(), sent);
                assert_eq!(events.iter().any(|event| event.price.is_some()), sent);
                let price: Option<f64> = message.price.map(|price| price.parse().unwrap());
                let last: Option<f64> = events.last().and_then(|event| event.price.as_ref()?.parse().ok());
                assert_eq!(price.is_some_and(|price| price > 0.0), sent);
                assert!(last.is_none() || last == price);
            }
        }
    }

    #[test]
    fn amounts_have_four_decimal_places_or_no_zeros() {
        assert_eq!((number(80, false), number(80, true)), ("0.0080".to_owned(), "0.008".to_owned()));
        assert_eq!((number(20_000, false), number(20_000, true)), ("2.0000".to_owned(), "2".to_owned()));
    }
}
