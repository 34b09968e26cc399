//! Regions: a map, a table, the channels of each region, continents and calling codes.

use super::super::super::document::contacts::summary::Summary;
use super::super::super::document::resource::ResourceDocument;
use super::super::super::format::shown;
use super::super::super::table::{OTHER_KEY, Table, is_leftover};
use super::super::cell::Cell;
use super::super::counted::counted;
use super::super::limits::Limits;
use super::super::names::region_cell;
use super::super::parts::{Column, Frame, HeatView, MapView, Part, Row, Section, SectionKind, TableView};
use super::super::ranked::{Ranked, more, sum};
use crate::base::plural::grouped;

pub(super) fn regions(summary: &Summary, limits: Limits) -> Section {
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

/// Calling codes with a plus.
fn with_plus(codes: &Table) -> Table {
    let is_number = |code: &str| code.bytes().all(|byte| byte.is_ascii_digit());
    codes
        .iter()
        .map(|(code, &count)| (if is_number(code) { format!("+{code}") } else { code.clone() }, count))
        .collect()
}

fn region_table(summary: &Summary, limits: Limits) -> Option<TableView> {
    let ranked = Ranked::of_counts(&summary.regions, limits.regions);
    let largest = ranked.largest()?;
    let cells = |name: Cell, count: u64, (reachable, opted_out): InRegion, bar: u64| {
        vec![
            name,
            Cell::Count(count),
            Cell::Percent(count, summary.contacts),
            reachable.map_or(Cell::Hidden, Cell::Count),
            opted_out.map_or(Cell::Hidden, |out| Cell::Percent(out, count)),
            Cell::Bar(bar, largest),
        ]
    };
    let detail = |code: &str| -> InRegion {
        let detail = summary.region_details.get(code);
        detail.map_or((None, None), |detail| (detail.reachable, detail.opted_out))
    };
    // A hidden count hides the sum, too.
    let sum_of = |regions: &[(&str, u64)], number: fn(InRegion) -> Option<u64>| -> Option<u64> {
        regions.iter().map(|(code, _)| number(detail(code))).sum()
    };
    let columns = [
        "Region".into(),
        "Contacts".into(),
        Column::optional("Share"),
        "Reachable".into(),
        "Opted out".into(),
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

fn channel_mix(summary: &Summary, limits: Limits) -> Option<HeatView> {
    let regions = Ranked::of_counts(&summary.regions, limits.rows);
    let channels: Vec<&str> =
        Ranked::of_counts(&summary.channels, limits.channels).shown().map(|(channel, _)| channel).collect();
    if channels.is_empty() || channels.iter().all(|channel| is_leftover(channel)) {
        return None;
    }
    let row = |(code, count): (&str, u64)| {
        let mix = summary.channels_by_region.get(code);
        // A missing channel may be suppressed, or counted as `(other)`.
        let may_be_hidden = summary.min_cell.is_some() || mix.is_none_or(|mix| mix.contains_key(OTHER_KEY));
        let share = |channel: &&str| match mix.and_then(|mix| mix.get(*channel)) {
            None if may_be_hidden => Cell::Hidden,
            count_of => Cell::Percent(count_of.copied().unwrap_or(0), count),
        };
        let cells = std::iter::once(region_cell(code)).chain(channels.iter().map(share));
        Row::of_key(code, cells.collect())
    };
    let rows: Vec<_> = regions.shown().map(row).collect();
    // Percentages of different totals have no sum for the rows that are not shown.
    let name = if regions.rest_len() > 0 {
        let [shown, all] = [rows.len(), rows.len() + regions.rest_len()].map(|count| grouped(count as u64));
        format!("Region ({shown} of {all})")
    } else {
        "Region".to_owned()
    };
    let names = std::iter::once(name).chain(channels.iter().map(|channel| shown(channel)));
    let view = TableView::new("Channels of each region's contacts", [], rows).sortable().with_head();
    let columns = names.map(|name| Column::from(name.as_str())).collect();
    Some(HeatView {
        table: TableView { columns, ..view.framed(Frame::Folded("Channels by region as a table")) },
        label: "Heat map of the share of each region's contacts that have each channel; the table below it has the \
                numbers",
        caption: "The stronger the shade, the larger the share of the region's contacts.",
        rows: summary.regions.len(),
        row_noun: "regions",
    })
}
