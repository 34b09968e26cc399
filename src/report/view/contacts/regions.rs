//! Regions: a map, a table, the channels of each region, continents and calling codes.

use super::super::super::document::contacts::summary::Summary;
use super::super::super::document::resource::ResourceDocument;
use super::super::super::table::{OTHER_KEY, Table, is_leftover};
use super::super::cell::Cell;
use super::super::counted::counted;
use super::super::distinct::{distinct, distinguish};
use super::super::limits::ViewLimits;
use super::super::names::{channel_name, region_cell};
use super::super::parts::{Column, Frame, HeatScale, HeatView, MapView, Part, Row, Section, SectionKind, TableView};
use super::super::ranked::{Ranked, more, sum};
use crate::base::plural::grouped;

pub(super) fn regions(summary: &Summary, limits: ViewLimits) -> Section {
    let count = |title: &str, name, table: &Table| counted(title, [name, "Contacts"], table, summary.contacts, limits);
    let map = MapView {
        noun: Summary::NOUN,
        counts: summary.regions.clone(),
        total: summary.contacts,
        min_cell: summary.min_cell,
    };
    let parts = [
        (!summary.regions.is_empty()).then_some(Part::Map(map)),
        region_table(summary, limits).map(Into::into),
        channel_mix(summary, limits).map(Part::Heat),
        count("Continents", "Continent", &summary.continents).map(Into::into),
        count("Calling codes", "Code", &with_plus(&summary.country_codes)).map(|view| view.sortable().into()),
    ];
    Section::new(SectionKind::Regions, "Regions", Vec::new(), parts.into_iter().flatten().collect())
}

/// Calling codes with a leading plus sign.
fn with_plus(codes: &Table) -> Table {
    let is_number = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
    codes
        .iter()
        .map(|(code, &count)| (if is_number(code) { format!("+{code}") } else { code.clone() }, count))
        .collect()
}

fn region_table(summary: &Summary, limits: ViewLimits) -> Option<TableView> {
    let ranked = Ranked::of_counts(&summary.regions, limits.regions);
    let largest = ranked.largest()?;
    // Columns of counts come first, then columns of shares.
    let cells = |name: Cell, count: u64, (reachable, opted_out): InRegion, bar: u64| {
        let part = |part: Option<u64>| part.map_or(Cell::Hidden, Cell::Count);
        let share = |part: Option<u64>| part.map_or(Cell::Hidden, |part| Cell::Percent(part, count));
        vec![
            name,
            Cell::Count(count),
            part(reachable),
            part(opted_out),
            Cell::Percent(count, summary.contacts),
            share(reachable),
            share(opted_out),
            Cell::Bar(bar, largest),
        ]
    };
    let detail = |code: &str| -> InRegion {
        let detail = summary.region_details.get(code);
        detail.map_or((None, None), |detail| (detail.reachable, detail.opted_out))
    };
    // If any count is hidden, so is the sum.
    let sum_of = |regions: &[(&str, u64)], number: fn(InRegion) -> Option<u64>| -> Option<u64> {
        regions.iter().map(|(code, _)| number(detail(code))).sum()
    };
    let columns = [
        "Region".into(),
        "Contacts".into(),
        "Reachable".into(),
        Column::optional("Opted out"),
        Column::optional("% of all"),
        Column::optional("% reachable"),
        "% opted out".into(),
        Column::optional_bars(),
    ];
    let view = TableView::new("Contacts by region", columns, Vec::new()).sortable().framed(Frame::Wide).with_head();
    Some(ranked.fill(
        view,
        |code, count| Row::of_key(code, cells(region_cell(code), count, detail(code), count)),
        |rest| {
            let numbers = (sum_of(rest, |(reachable, _)| reachable), sum_of(rest, |(_, opted_out)| opted_out));
            Row::rest(cells(Cell::Text(more(rest.len())), sum(rest), numbers, 0))
        },
    ))
}

/// How many contacts of a region can be reached and opted out; hidden if suppressed.
type InRegion = (Option<u64>, Option<u64>);

/// The share of each region's contacts that each channel reaches after opt-outs or, if that is unknown, that have the
/// channel.
fn channel_mix(summary: &Summary, limits: ViewLimits) -> Option<HeatView> {
    let is_reach_known = !summary.reachable_by_region.is_empty();
    let (all, by_region) = if is_reach_known {
        (&summary.reachable_channels, &summary.reachable_by_region)
    } else {
        (&summary.channels, &summary.channels_by_region)
    };
    let regions = Ranked::of_counts(&summary.regions, limits.rows);
    let channels: Vec<&str> = Ranked::of_counts(all, limits.channels).shown().map(|(channel, _)| channel).collect();
    if channels.is_empty() || channels.iter().all(|channel| is_leftover(channel)) {
        return None;
    }
    let row = |(code, count): (&str, u64)| {
        let mix = by_region.get(code);
        // A missing channel may have been suppressed or merged into `(other)`.
        let may_be_hidden = summary.min_cell.is_some() || mix.is_none_or(|mix| mix.contains_key(OTHER_KEY));
        let share = |channel: &&str| match mix.and_then(|mix| mix.get(*channel)) {
            None if may_be_hidden => Cell::Hidden,
            count_of => Cell::Percent(count_of.copied().unwrap_or(0), count),
        };
        let any = summary.region_details.get(code).and_then(|detail| detail.reachable);
        let any = is_reach_known.then(|| any.map_or(Cell::Hidden, |any| Cell::Percent(any, count)));
        let cells = std::iter::once(region_cell(code)).chain(any).chain(channels.iter().map(share));
        Row::of_key(code, cells.collect())
    };
    let mut rows: Vec<_> = regions.shown().map(row).collect();
    distinguish(&regions.shown().map(|(code, _)| code).collect::<Vec<_>>(), &mut rows);
    // Percentages of different totals cannot be added up in a row for those that are not shown.
    let name = if regions.rest_len() > 0 {
        let [shown, all] = [rows.len(), rows.len() + regions.rest_len()].map(|count| grouped(count as u64));
        format!("Region ({shown} of {all})")
    } else {
        "Region".to_owned()
    };
    let any = is_reach_known.then(|| "Any channel".to_owned());
    let names = std::iter::once(name).chain(any).chain(distinct(&channels, channel_name));
    let title = if is_reach_known { "Reach of each channel by region" } else { "Channels of each region's contacts" };
    let view = TableView::new(title, [], rows).sortable().with_head();
    let columns = names.map(|name| Column::from(name.as_str())).collect();
    let (label, caption) = if is_reach_known { REACH } else { AVAILABILITY };
    Some(HeatView {
        table: TableView { columns, ..view.framed(Frame::Folded("Channels by region as a table")) },
        scale: HeatScale::Column,
        label,
        caption,
        rows: summary.regions.len(),
        row_noun: "regions",
    })
}

/// The text alternative of a heat map and the meaning of its shades.
type HeatTexts = (&'static str, &'static str);

const REACH: HeatTexts = (
    "Heat map of the share of each region's contacts that each channel reaches; the table below it has the numbers",
    "Contacts that did not opt out and have the channel, as a share of the region's contacts. The stronger the shade, the \
     larger the share within its column.",
);
const AVAILABILITY: HeatTexts = (
    "Heat map of the share of each region's contacts that have each channel; the table below it has the numbers",
    "The share of the region's contacts that have the channel. The stronger the shade, the larger the share within its column.",
);
