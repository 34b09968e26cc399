//! Tests with tables written by hand, and with an auditor that checks the reports of random accounts.

use proptest::prelude::*;

use super::*;
use crate::report::render::render_table;
use crate::report::{ContactCounts, OTHER_KEY, ReportForm, TableStyle};
use crate::resources::contacts::decode_page;

const NOW: i64 = 1_775_000_000_000_000; // 2026-03-31

fn table<const N: usize>(rows: [(&str, u64); N]) -> Table {
    rows.map(|(key, count)| (key.to_owned(), count)).into()
}

#[test]
fn small_groups_are_merged_until_their_sum_is_large() {
    let cases = [
        (table([("a", 100), ("b", 3), ("c", 2)]), table([("(other)", 105)])),
        (table([("a", 100), ("b", 3), ("c", 8), ("d", 20)]), table([("(other)", 11), ("a", 100), ("d", 20)])),
        (table([("a", 100), ("b", 20)]), table([("a", 100), ("b", 20)])),
        (table([("a", 100), ("b", 20), ("c", 1)]), table([("(other)", 21), ("a", 100)])),
    ];
    for (mut given, wanted) in cases {
        let small = small_keys(&given, Limit(10));
        merge(&mut given, &small);
        assert_eq!(given, wanted);
    }
}

/// Contacts of a test: their number, region, channels and opt-out.
type ContactGroup = (u64, &'static str, &'static str, Option<bool>);

fn counted(groups: &[ContactGroup]) -> Summary {
    let contacts: Vec<_> = groups
        .iter()
        .flat_map(|group| std::iter::repeat_n(group, usize::try_from(group.0).unwrap()))
        .enumerate()
        .map(|(at, &(_, region, channels, opt_out))| {
            let default = channels.split(',').next();
            let month = 1 + at % 3;
            serde_json::json!({"id": at.to_string(), "region_code": region, "available_channels": channels,
                "default_channel": default, "opt_out": opt_out, "created_at": format!("2026-0{month}-01T00:00:00Z")})
        })
        .collect();
    let body = serde_json::json!({"success": true, "data": {"contacts": contacts}}).to_string();
    let page = decode_page(&body.into()).unwrap().data.unwrap().items.unwrap();
    let mut counts = ContactCounts::default();
    counts.add_batch(&page.batch(), NOW);
    counts.summary()
}

#[test]
fn a_count_with_a_small_complement_is_in_no_form() {
    let (some, all) = ((8_989, "US", "sms", Some(false)), (3_000, "DE", "sms,rcs", Some(false)));
    let mut summary = counted(&[some, (11, "US", "rcs", Some(false)), all]);
    summary.merge_small_groups(20, None);
    // 8,989 of 9,000 have sms, so 11 do not; this also follows from the total minus the count of Germany.
    assert_eq!(summary.channels_by_region["US"].get("sms"), None);
    assert_eq!(summary.channels.get("sms"), None);
    assert_eq!(summary.channels_by_region["DE"]["sms"], 3_000);
    let style = TableStyle { width: 120, has_colors: false };
    let forms = [ReportForm::Html, ReportForm::Markdown, ReportForm::Json].map(|form| form.render(&summary));
    for form in forms.into_iter().chain([render_table(&summary, style)]) {
        for number in ["11989", "11,989", "99.9%", "8,989 of"] {
            assert!(!form.contains(number), "{number} in {form}");
        }
        assert!(form.contains("9000") || form.contains("9,000"), "{form}");
    }
}

/// Finds every number that can be derived from a report and is greater than 0 and less than the limit.
struct Auditor<'a> {
    shown: &'a Summary,
    limit: u64,
    findings: Vec<String>,
}

impl Auditor<'_> {
    fn look_at(&mut self, what: &str, count: u64) {
        if count > 0 && count < self.limit {
            self.findings.push(format!("{what}: {count}"));
        }
    }

    fn look_at_part(&mut self, what: &str, part: u64, whole: u64) {
        self.look_at(what, part);
        self.look_at(&format!("not {what}"), whole - part);
    }

    fn tables_that_add_up(&mut self) {
        let shown = self.shown;
        let tables = [
            &shown.channel_combinations,
            &shown.default_channels,
            &shown.regions,
            &shown.continents,
            &shown.country_codes,
            &shown.created_by_month,
        ];
        for table in tables {
            assert_eq!(table.values().sum::<u64>(), shown.contacts);
            for (key, &count) in table {
                self.look_at_part(key, count, shown.contacts);
            }
        }
        for (month, &count) in &shown.created_cumulative {
            self.look_at_part(month, count, shown.contacts);
        }
    }

    fn continents_minus_their_regions(&mut self) {
        let shown = self.shown;
        for (continent, &count) in &shown.continents {
            let is_here = |code: &str| {
                let name = places::find(code).map_or("unknown", |place| place.continent);
                code != OTHER_KEY
                    && (name == continent || continent == OTHER_KEY && !shown.continents.contains_key(name))
            };
            let regions = shown.regions.iter().filter(|(code, _)| is_here(code)).map(|(_, &count)| count);
            self.look_at(continent, count - regions.sum::<u64>());
        }
    }

    fn channels_minus_their_combinations(&mut self) {
        let shown = self.shown;
        let merged = shown.channel_combinations.get(OTHER_KEY).copied().unwrap_or(0);
        let has = |name: &str, channel: &str| name.split('+').any(|part| part == channel);
        let in_merged = |channel: &str, count: u64| {
            let combinations = shown.channel_combinations.iter().filter(|(name, _)| has(name, channel));
            count - combinations.map(|(_, &count)| count).sum::<u64>()
        };
        let without = in_merged("none", shown.without_channel.unwrap());
        for (channel, &count) in shown.channels.iter().filter(|(channel, _)| *channel != "none") {
            self.look_at_part(channel, count, shown.contacts);
            self.look_at(channel, shown.contacts - shown.without_channel.unwrap() - count);
            if merged < shown.contacts {
                self.look_at_part(channel, in_merged(channel, count), merged);
                self.look_at(channel, merged - without - in_merged(channel, count));
            }
        }
    }

    fn within_regions(&mut self) {
        for (code, detail) in &self.shown.region_details {
            let contacts = detail.contacts;
            let shown = [detail.reachable, detail.opted_out];
            shown.iter().flatten().for_each(|&count| self.look_at_part(code, count, contacts));
            if let [Some(reachable), Some(opted_out)] = shown {
                self.look_at(code, contacts - reachable - opted_out);
            }
            let channels = &self.shown.channels_by_region[code];
            for &count in channels.values() {
                self.look_at_part(code, count, contacts);
            }
            let Some(none) = channels.get("none") else { continue };
            for (_, count) in channels.iter().filter(|(channel, _)| *channel != "none") {
                self.look_at(code, contacts - none - count);
            }
            if let [Some(reachable), opted_out] = shown {
                self.look_at(code, contacts - reachable - none);
                self.look_at(code, opted_out.map_or(0, |opted_out| none - (contacts - reachable - opted_out)));
            }
        }
    }

    /// Checks the total minus the counts that regions show.
    fn total_minus_the_regions(&mut self, total: u64, shown: impl Fn(&str) -> Option<u64>) {
        let details = self.shown.region_details.iter();
        let numbers = details.filter_map(|(code, detail)| Some((detail.contacts, shown(code)?)));
        let (contacts, count) = numbers.fold((0, 0), |sum, number| (sum.0 + number.0, sum.1 + number.1));
        // If no region shows the count, only the total is known, which is always shown.
        if contacts > 0 {
            self.look_at_part("regions without a number", total - count, self.shown.contacts - contacts);
        }
    }

    fn audit(mut self) -> Vec<String> {
        let shown = self.shown;
        // An account smaller than the limit is one group.
        if shown.contacts >= self.limit {
            self.tables_that_add_up();
            self.continents_minus_their_regions();
        }
        self.channels_minus_their_combinations();
        self.within_regions();
        self.total_minus_the_regions(shown.reachable.unwrap(), |code| shown.region_details[code].reachable);
        self.total_minus_the_regions(shown.opt_out.yes, |code| shown.region_details[code].opted_out);
        for (channel, &total) in &shown.channels {
            self.total_minus_the_regions(total, |code| shown.channels_by_region[code].get(channel).copied());
        }
        self.total_minus_the_regions(shown.without_channel.unwrap(), |code| {
            shown.channels_by_region[code].get("none").copied()
        });
        self.findings
    }
}

fn groups() -> impl Strategy<Value = Vec<ContactGroup>> {
    let regions = &["US", "CA", "DE", "FR", "LU", "BR", "AU", "NZ", "AQ", "ZZ", ""];
    let channels = &["", "sms", "rcs", "whatsapp", "sms,whatsapp", "sms,rcs", "sms,whatsapp,rcs"];
    let size = prop_oneof![1_u64..8, 1_u64..40, 30_u64..120];
    let opt_out = prop::sample::select(&[Some(false), Some(false), Some(true), None][..]);
    let group = (size, prop::sample::select(&regions[..]), prop::sample::select(&channels[..]), opt_out);
    prop::collection::vec(group, 0..40)
}

proptest! {
    #[test]
    fn nothing_small_can_be_derived_from_a_report(groups in groups(), limit in 2_u64..30) {
        let all = counted(&groups);
        let mut shown = all.clone();
        shown.merge_small_groups(limit, None);
        let findings = Auditor { shown: &shown, limit, findings: Vec::new() }.audit();
        prop_assert!(findings.is_empty(), "{findings:?}");
        // The counts that are shown are correct.
        for (code, channels) in shown.channels_by_region.iter().filter(|(code, _)| *code != OTHER_KEY) {
            prop_assert!(channels.iter().all(|(channel, count)| all.channels_by_region[code].get(channel) == Some(count)));
        }
        prop_assert!(shown.channels.iter().all(|(channel, count)| all.channels.get(channel) == Some(count)));
    }

    #[test]
    fn an_older_summary_hides_the_same_groups(new in groups(), old in groups(), limit in 2_u64..30) {
        let (mut new, mut old) = (counted(&new), counted(&old));
        new.merge_small_groups(limit, Some(&mut old));
        for summary in [&new, &old] {
            for (channel, &count) in &summary.channels {
                prop_assert!(Limit(limit).allows_part(count, summary.contacts), "{channel}: {count}");
            }
            for (region, &count) in summary.regions.iter().filter(|_| summary.contacts >= limit) {
                prop_assert!(count >= limit, "{region}: {count}");
            }
        }
    }
}
