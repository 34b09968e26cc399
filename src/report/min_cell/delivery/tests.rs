use proptest::prelude::*;

use super::*;
use crate::report::document::delivery::money::{Money, Spending};

fn group(parts: [u64; 5]) -> Group {
    let [successful, failed, withheld, pending, inbound] = parts;
    let outbound = successful + failed + withheld + pending;
    Group {
        messages: outbound + inbound,
        outbound: Some(outbound),
        inbound: Some(inbound),
        successful: Some(successful),
        failed: Some(failed),
        withheld: Some(withheld),
        spent: Spending { price: Money(7), active_contact_price: Money(0) },
    }
}

fn summary(channels: &[[u64; 5]]) -> DeliverySummary {
    let channels: Groups =
        channels.iter().enumerate().map(|(at, &parts)| (format!("channel {at}"), group(parts))).collect();
    let mut total = Group::default();
    for group in channels.values() {
        total += *group;
    }
    let failure = |(code, messages): (&str, u64)| Failure {
        reason_code: code.to_owned(),
        messages,
        failed: Some(messages),
        filtered: Some(0),
        blocked: Some(0),
        began_on: Some("2026-03-01".to_owned()),
        ..Failure::default()
    };
    DeliverySummary {
        messages: total.messages,
        total,
        failures: [("a", 50), ("b", 3), ("c", 2), ("d", 40)].map(failure).into(),
        regions: channels.clone(),
        channels,
        ..DeliverySummary::default()
    }
}

#[test]
fn small_groups_are_merged_and_days_of_single_messages_suppressed() {
    let mut shown = summary(&[[100, 20, 20, 20, 40], [3, 0, 0, 0, 0], [90, 30, 0, 30, 50]]);
    let mut old = summary(&[[100, 20, 20, 20, 40], [50, 20, 20, 20, 40]]);
    shown.merge_small_groups(10, Some(&mut old));
    assert!(!shown.channels.contains_key("channel 1") && !old.channels.contains_key("channel 1"));
    assert_eq!(
        shown.channels[OTHER_KEY].messages + shown.channels.get("channel 0").map_or(0, |g| g.messages),
        403 - shown.channels.get("channel 2").map_or(0, |g| g.messages)
    );
    assert_eq!(shown.channels.values().map(|group| group.spent.price.0).sum::<i128>(), 21);
    let codes: Vec<(&str, u64)> =
        shown.failures.iter().map(|failure| (failure.reason_code.as_str(), failure.messages)).collect();
    assert_eq!(codes, [("a", 50), (OTHER_KEY, 45)]);
    assert!(shown.failures.iter().all(|failure| failure.began_on.is_none()));
}

proptest! {
    #[test]
    fn nothing_small_can_be_derived_from_the_groups(
        channels in prop::collection::vec(prop::array::uniform5(prop_oneof![Just(0_u64), 1_u64..8, 5_u64..60]), 0..12),
        limit in 2_u64..30,
    ) {
        let mut shown = summary(&channels);
        shown.merge_small_groups(limit, None);
        let limit = Limit(limit);
        let mut total = shown.total;
        if total.messages < limit.0 {
            return Ok(());
        }
        for group in shown.channels.values_mut() {
            prop_assert!(limit.allows(group.messages));
            for part in PARTS {
                if let Some(count) = *part(group) {
                    prop_assert!(limit.allows_part(count, group.messages), "{count} of {group:?}");
                }
            }
            if let (Some(outbound), Some(successful), Some(failed), Some(withheld)) =
                (group.outbound, group.successful, group.failed, group.withheld)
            {
                prop_assert!(limit.allows(outbound - successful - failed - withheld), "{group:?}");
            }
        }
        // A suppressed count cannot be derived from the others.
        for part in PARTS {
            let groups: Vec<(u64, Option<u64>)> =
                shown.channels.values_mut().map(|group| (group.messages, *part(group))).collect();
            let sum: u64 = groups.iter().filter_map(|(_, count)| *count).sum();
            let hidden: u64 = groups.iter().filter(|(_, count)| count.is_none()).map(|(messages, _)| messages).sum();
            if hidden > 0 && groups.iter().any(|(_, count)| count.is_some()) {
                let rest = part(&mut total).unwrap() - sum;
                prop_assert!(limit.allows_part(rest, hidden), "{rest} of {hidden}: {groups:?}");
            }
        }
    }
}
