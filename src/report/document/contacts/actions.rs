//! What to do about contacts.

use super::super::action::{Action, ActionCode, Share, is_plain, parquet_file};
use super::summary::Summary;
use crate::base::places;
use crate::base::plural::{count_of, grouped, word_for};
use crate::report::format::percent;
use crate::report::table::MAX_KEYS;
use crate::resources::PROFILE_ID;
use crate::resources::contacts::column;

/// Maximum number of groups of one kind that are listed.
const MAX_GROUPS: usize = 3;
/// Maximum number of regions that a sentence names.
const MAX_NAMES: usize = 5;
/// Smallest region in which channels are compared.
const MIN_CONTACTS: u64 = 20;
const SMS: &str = "sms";
const WHATSAPP: &str = "whatsapp";

/// Everything that needs attention, most important first.
pub(in crate::report) fn actions(summary: &Summary) -> Vec<Action> {
    let file = parquet_file(&summary.origin, "contacts.parquet");
    let list = ActionList { summary, file: &file };
    let single = [
        list.opted_out(),
        list.without_channel(),
        list.other_region(),
        list.shared_numbers(),
        list.default_channel(),
        list.whatsapp(),
    ];
    single.into_iter().flatten().chain(list.opt_out_shares()).collect()
}

struct ActionList<'a> {
    summary: &'a Summary,
    file: &'a str,
}

impl ActionList<'_> {
    /// An action about `count` of all contacts; `None` if the count is 0.
    fn of_all(&self, code: ActionCode, count: u64, what: [&str; 2], condition: &str) -> Option<Action> {
        let [one, many] = what;
        let text = format!(
            "{} ({}) {}.",
            count_of(count, "contact", "contacts"),
            percent(count, self.summary.contacts),
            word_for(count, one, many)
        );
        (count > 0).then(|| Action {
            code,
            keys: Vec::new(),
            count,
            of: self.summary.contacts,
            approximate: false,
            text,
            command: None,
            sql: Some(format!("select * from '{}' where {condition}", self.file)),
        })
    }

    fn opted_out(&self) -> Option<Action> {
        let count = self.summary.opted_out()?;
        let action = self.of_all(ActionCode::OptedOut, count, ["has opted out", "have opted out"], "opt_out")?;
        let command = self.flags_of_profiles();
        let command = command.map(|flags| format!("sent-export contacts --only opted-out{flags} -o opted-out.parquet"));
        Some(Action { command, ..action })
    }

    /// The flags that select the same profiles; `None` if their names cannot be written without quotes.
    fn flags_of_profiles(&self) -> Option<String> {
        let filters = &self.summary.origin.filters;
        let flags = match (&filters.profile_id, filters.profiles.as_slice()) {
            (Some(id), _) => format!(" --profile-id {id}"),
            (None, []) => return Some(String::new()),
            (None, names) => format!(" --profiles {}", names.join(",")),
        };
        let are_plain = filters.profile_id.iter().chain(&filters.profiles).all(|name| is_plain(name));
        are_plain.then_some(flags)
    }

    fn without_channel(&self) -> Option<Action> {
        let count = self.summary.without_channel?;
        let condition = "coalesce(len(available_channels), 0) = 0";
        let what = ["has no available channel", "have no available channel"];
        let action = self.of_all(ActionCode::WithoutChannel, count, what, condition)?;
        // The overlap is stated, so that the two reasons add up to the number of unreachable contacts.
        let both = self.summary.opted_out().zip(self.summary.reachable).map(|(opted_out, reachable)| {
            (opted_out + count).saturating_sub(self.summary.contacts.saturating_sub(reachable))
        });
        let text = match both.filter(|&both| both > 0) {
            Some(both) => format!("{}; {} of them also opted out.", action.text.trim_end_matches('.'), grouped(both)),
            None => action.text,
        };
        Some(Action { text, ..action })
    }

    fn other_region(&self) -> Option<Action> {
        let count = self.summary.quality.e164_not_of_region;
        if !self.summary.has(&[column::FORMAT_E164, column::REGION_CODE]) {
            return None;
        }
        let what = ["has a phone number from outside its region", "have a phone number from outside their region"];
        let regions = self.summary.regions.keys();
        let codes: Vec<String> = regions
            .filter_map(|region| Some((region, places::find(region)?.calling_code)))
            .filter(|&(_, code)| code != 0)
            .map(|(region, code)| format!("('{region}','{code}')"))
            .collect();
        let action = self.of_all(ActionCode::NumberOfAnotherRegion, count, what, "")?;
        let sql = format!(
            "select c.* from '{}' c join (values {}) r(region, calling_code) on c.region_code = r.region where \
             regexp_full_match(c.format_e164, '\\+[0-9]{{7,15}}') and regexp_matches(c.format_e164, '^\\+({})') and not \
             starts_with(c.format_e164, '+' || r.calling_code)",
            self.file,
            codes.join(","),
            places::calling_code_pattern()
        );
        let sql = (has_all_regions(self.summary) && !codes.is_empty()).then_some(sql);
        Some(Action { sql, ..action })
    }

    fn shared_numbers(&self) -> Option<Action> {
        let shared = self.summary.quality.shared_phone_numbers;
        let what = ["has the same phone number as another contact", "have the same phone number as another contact"];
        let action = self.of_all(ActionCode::SharedNumbers, shared.contacts, what, "")?;
        let number = "coalesce(nullif(format_e164, ''), nullif(phone_number, ''))";
        // As in the count: a number that two profiles or customers have is not shared.
        let owner = if self.summary.origin.has_profiles() {
            format!("{PROFILE_ID}, ")
        } else if self.summary.has(&[column::CUSTOMER_ID]) {
            "coalesce(customer_id, ''), ".to_owned()
        } else {
            String::new()
        };
        let sql = format!(
            "select * from '{}' where {number} is not null qualify count(*) over (partition by {owner}{number}) > 1",
            self.file
        );
        let about = if shared.approximate { "About " } else { "" };
        let sql = self.summary.has(&[column::FORMAT_E164, column::PHONE_NUMBER]).then_some(sql);
        Some(Action { text: format!("{about}{}", action.text), approximate: shared.approximate, sql, ..action })
    }

    fn default_channel(&self) -> Option<Action> {
        self.of_all(
            ActionCode::DefaultChannelNotAvailable,
            self.summary.default_channel_not_available,
            [
                "has a default channel that is not one of its available channels",
                "have a default channel that is not one of their available channels",
            ],
            "default_channel is not null and not coalesce(list_contains(available_channels, default_channel), false)",
        )
    }

    /// Regions in which more contacts can be reached on `WhatsApp` than by SMS, the largest differences first.
    fn whatsapp(&self) -> Option<Action> {
        let reach = |region: &str, channel: &str| {
            let channels = self.summary.reachable_by_region.get(region)?;
            Some(channels.get(channel).copied().unwrap_or(0))
        };
        let regions = self
            .summary
            .regions
            .iter()
            .filter(|&(code, &contacts)| contacts >= MIN_CONTACTS && places::find(code).is_some());
        let mut found: Vec<(&str, u64, u64)> = regions
            .filter_map(|(code, _)| Some((code.as_str(), reach(code, WHATSAPP)?, reach(code, SMS)?)))
            .filter(|&(_, whatsapp, sms)| whatsapp > sms)
            .collect();
        found.sort_by_key(|&(code, whatsapp, sms)| (std::cmp::Reverse(whatsapp - sms), code));
        let count: u64 = found.iter().map(|&(_, whatsapp, _)| whatsapp).sum();
        let in_words = |&(code, whatsapp, sms): &(&str, u64, u64)| {
            format!("{} ({} vs. {})", name_of(code), grouped(whatsapp), grouped(sms))
        };
        let mut names = found.iter().take(MAX_NAMES).map(in_words).collect::<Vec<_>>().join(", ");
        if let Some(rest) = found.len().checked_sub(MAX_NAMES).filter(|&rest| rest > 0) {
            names += &format!(" and {} more", grouped(rest as u64));
        }
        let keys: Vec<String> = found.iter().map(|(code, ..)| (*code).to_owned()).collect();
        let quoted: Vec<String> = keys.iter().map(|code| format!("'{code}'")).collect();
        let sql = format!(
            "select * from '{}' where region_code in ({}) and opt_out is distinct from true and \
             list_contains(available_channels, '{WHATSAPP}')",
            self.file,
            quoted.join(", ")
        );
        let regions = count_of(found.len() as u64, "region", "regions");
        (!found.is_empty()).then(|| Action {
            code: ActionCode::WhatsappReachesMore,
            keys,
            count,
            of: self.summary.contacts,
            approximate: false,
            text: format!("In {regions}, WhatsApp reaches more contacts than SMS: {names}."),
            command: None,
            sql: Some(sql),
        })
    }

    /// Regions where the percentage of opt-outs is unusually high, those with the most opt-outs first.
    fn opt_out_shares(&self) -> Vec<Action> {
        let Some(all) = self.summary.opted_out() else { return Vec::new() };
        let share = |part, whole| Share { part, whole, all_parts: all, all_wholes: self.summary.contacts };
        let details = self.summary.region_details.iter().filter(|(code, _)| places::find(code).is_some());
        let mut found: Vec<(u64, u64, &str)> = details
            .filter_map(|(code, detail)| Some((detail.opted_out?, detail.contacts, code.as_str())))
            .filter(|&(part, whole, code)| share(part, whole).stands_out() && is_plain(code))
            .collect();
        found.sort_by_key(|&(part, _, code)| (std::cmp::Reverse(part), code));
        let action = |(part, whole, code): (u64, u64, &str)| Action {
            code: ActionCode::HighOptOutShare,
            keys: vec![code.to_owned()],
            count: part,
            of: whole,
            approximate: false,
            text: format!(
                "{} of {} contacts in {} ({}) opted out, compared with {} in all other regions.",
                grouped(part),
                grouped(whole),
                name_of(code),
                percent(part, whole),
                percent(all.saturating_sub(part), self.summary.contacts.saturating_sub(whole))
            ),
            command: None,
            sql: Some(format!("select * from '{}' where region_code = '{code}' and opt_out", self.file)),
        };
        found.into_iter().take(MAX_GROUPS).map(action).collect()
    }
}

/// Whether every region has a row of its own.
fn has_all_regions(summary: &Summary) -> bool {
    summary.min_cell.is_none() && summary.regions.len() < MAX_KEYS
}

fn name_of(code: &str) -> &str {
    places::find(code).map_or(code, |place| place.name)
}
