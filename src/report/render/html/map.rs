//! A world map, shaded by count.
//!
//! There are five shades, each for counts that are larger than those of the previous shade by a constant factor. On a
//! linear scale, only the largest country would stand out.

use super::super::super::format::{capitalized, percent};
use super::super::super::table::{OTHER_KEY, UNKNOWN_KEY};
use super::super::super::view::parts::MapView;
use super::page::Page;
use crate::base::places;
use crate::base::plural::grouped;

/// One country per line; see the README in `world/`.
const WORLD: &str = include_str!("world/world.txt");
const SHADES: usize = 5;

pub(super) fn write(page: &mut Page, map: &MapView) {
    let on_map = |line: &&'static str| line.split_once('\t');
    let countries: Vec<(&str, &str)> = WORLD.lines().filter_map(|line| on_map(&line)).collect();
    let count = |code: &str| map.counts.get(code).copied().unwrap_or(0);
    let largest = countries.iter().map(|(code, _)| count(code)).max().unwrap_or(0);
    if largest == 0 {
        return;
    }
    let bounds = bounds(map.min_cell.unwrap_or(1), largest);
    page.markup("<figure>\n<svg class=\"map\" viewBox=\"0 0 1000 440\" role=\"img\" aria-label=\"World map shaded by ");
    page.text(map.noun.many).markup("; the table of regions has the numbers\">\n");
    for (code, shape) in &countries {
        write_country(page, shape, shade(count(code), &bounds), &title(map, code));
    }
    page.markup("</svg>\n");
    legend(page, &bounds, largest);
    let is_on_map = |region: &str| countries.iter().any(|&(code, _)| code == region);
    page.markup("<figcaption>").text(&capitalized(map.noun.many)).markup(" by region.");
    page.text(&elsewhere(map, is_on_map)).markup("</figcaption>\n</figure>\n");
}

/// A sentence on what is not on the map, and why.
fn elsewhere(map: &MapView, is_on_map: impl Fn(&str) -> bool) -> String {
    let count = |key: &str| map.counts.get(key).copied().unwrap_or(0);
    let is_of_group = |region: &str| region == UNKNOWN_KEY || region == OTHER_KEY;
    let others = map.counts.iter().filter(|(region, _)| !is_of_group(region) && !is_on_map(region));
    let without_outline: u64 = others.map(|(_, count)| count).sum();
    // Without a minimum count, these are codes that are not regions.
    let merged = if map.min_cell.is_some() { "in merged groups" } else { "whose region is not shown" };
    let groups = [
        (count(UNKNOWN_KEY), "without a region"),
        (without_outline, "with one that has no outline"),
        (count(OTHER_KEY), merged),
    ];
    let groups: Vec<(u64, &str)> = groups.into_iter().filter(|&(count, _)| count > 0).collect();
    let rows = |count: u64| format!("{} {}", grouped(count), map.noun.word(count));
    let mut text = match groups[..] {
        [] => return String::new(),
        [(count, what)] => format!(" Not on the map: {} {what}.", rows(count)),
        _ => {
            let all = groups.iter().map(|(count, _)| count).sum();
            let groups: Vec<String> =
                groups.iter().map(|(count, what)| format!("{} {what}", grouped(*count))).collect();
            format!(" Not on the map: {}: {}.", rows(all), groups.join(", "))
        }
    };
    if map.min_cell.is_some() && count(OTHER_KEY) > 0 {
        text += &format!(" A region without a shade has no {} or is among the merged ones.", map.noun.many);
    }
    text
}

fn write_country(page: &mut Page, outline: &str, shade: usize, title: &str) {
    let class = ["", " class=\"m1\"", " class=\"m2\"", " class=\"m3\"", " class=\"m4\"", " class=\"m5\""][shade];
    match outline.strip_prefix('@').and_then(|place| place.split_once(',')) {
        Some((x, y)) => {
            // A dot for every tiny island would clutter the map.
            if shade == 0 {
                return;
            }
            page.markup("<circle cx=\"")
                .text(x)
                .markup("\" cy=\"")
                .text(y)
                .markup("\" r=\"3.5\"")
                .markup(class)
                .markup(">");
            page.markup("<title>").text(title).markup("</title></circle>\n");
        }
        None if shade == 0 => drop(page.markup("<path d=\"").text(outline).markup("\"/>\n")),
        None => {
            page.markup("<path").markup(class).markup(" d=\"").text(outline).markup("\"><title>").text(title);
            page.markup("</title></path>\n");
        }
    }
}

fn title(map: &MapView, code: &str) -> String {
    let count = map.counts.get(code).copied().unwrap_or(0);
    let name = places::find(code).map_or(code, |place| place.name);
    format!("{name}: {} ({})", grouped(count), percent(count, map.total))
}

fn legend(page: &mut Page, bounds: &[u64], largest: u64) {
    page.markup("<ul class=\"legend\" aria-label=\"Shades\">\n");
    for (at, &from) in bounds.iter().enumerate() {
        let to = bounds.get(at + 1).map_or(largest, |next| next - 1);
        let range = if from == to { grouped(from) } else { format!("{} – {}", grouped(from), grouped(to)) };
        let class = shade(from, bounds).to_string();
        page.markup("<li><svg viewBox=\"0 0 1 1\" aria-hidden=\"true\"><rect class=\"m").text(&class);
        page.markup("\" width=\"1\" height=\"1\"/></svg>").text(&range).markup("</li>\n");
    }
    page.markup("</ul>\n");
}

/// Lower bounds of the shades, starting with the smallest count that is shown; fewer than [`SHADES`] for small counts.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounds of shades are rounded numbers, positive and below the largest count"
)]
fn bounds(smallest: u64, largest: u64) -> Vec<u64> {
    let smallest = smallest.clamp(1, largest) as f64;
    let step = (largest as f64 / smallest).powf(1.0 / SHADES as f64);
    let mut bounds: Vec<u64> = (0..SHADES).map(|at| (smallest * step.powf(at as f64)).round() as u64).collect();
    bounds.dedup();
    bounds
}

fn shade(count: u64, bounds: &[u64]) -> usize {
    let reached = bounds.iter().filter(|&&bound| bound <= count).count();
    // If there are few shades, the strongest ones are used.
    if reached == 0 { 0 } else { reached + SHADES - bounds.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::noun::RowNoun;

    #[test]
    fn every_count_has_a_shade_and_the_largest_the_strongest() {
        for largest in [1, 2, 7, 100, 12_345, 5_000_000] {
            for smallest in [1, 10, 1000] {
                let bounds = bounds(smallest, largest);
                assert_eq!((shade(0, &bounds), shade(largest, &bounds)), (0, SHADES), "{largest}");
                assert!(shade(smallest.min(largest), &bounds) >= 1, "{largest}");
                assert_eq!(bounds[0], smallest.min(largest), "a shade that cannot occur");
            }
        }
        assert_eq!(bounds(1, 100_000), [1, 10, 100, 1000, 10_000]);
        assert_eq!(bounds(10, 1_000_000), [10, 100, 1000, 10_000, 100_000]);
    }

    #[test]
    fn the_caption_distinguishes_merged_regions_from_hidden_codes() {
        let regions =
            [("US", 9), (UNKNOWN_KEY, 68), (OTHER_KEY, 72)].map(|(key, count)| (key.to_owned(), count)).into();
        let noun = RowNoun { one: "contact", many: "contacts" };
        let mut map = MapView { noun, counts: regions, total: 149, min_cell: None };
        let caption = |map: &MapView| elsewhere(map, |code| code == "US");
        let wanted = " Not on the map: 140 contacts: 68 without a region, 72 whose region is not shown.";
        assert_eq!(caption(&map), wanted);
        map.min_cell = Some(10);
        assert!(caption(&map).contains("72 in merged groups. A region without a shade"), "{}", caption(&map));
        map.counts.retain(|code, _| code == "US" || code == UNKNOWN_KEY);
        assert_eq!(caption(&map), " Not on the map: 68 contacts without a region.");
        map.counts.retain(|code, _| code == "US");
        assert_eq!(caption(&map), "");
    }

    #[test]
    fn the_world_is_small_and_has_the_codes_of_iso_3166() {
        assert!(WORLD.len() < 40_000);
        let unknown: Vec<_> = WORLD.lines().filter_map(|line| line.split('\t').next()).collect();
        let unknown: Vec<_> = unknown.into_iter().filter(|code| *code != "-" && places::find(code).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        for code in ["US", "NA", "SG", "XK", "FR", "NO"] {
            assert!(WORLD.contains(&format!("\n{code}\t")), "{code}");
        }
    }
}
