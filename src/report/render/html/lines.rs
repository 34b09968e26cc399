//! Line charts over time, side by side.

use super::super::super::view::parts::{LineChart, LinesView};
use super::page::Page;
use crate::base::plural::grouped;

/// Maximum number of labels below a chart.
const LABELS: usize = 5;

/// Draws the charts, with notes about what they omit below them.
pub(super) fn write(page: &mut Page, view: &LinesView) {
    page.markup("<div class=\"grid\">\n");
    for chart in &view.charts {
        write_chart(page, chart);
    }
    page.markup("</div>\n");
    page.notes(&view.notes);
}

fn write_chart(page: &mut Page, chart: &LineChart) {
    let LineChart { title, points, table, .. } = chart;
    let largest = points.iter().map(|&(_, count)| count).max().unwrap_or(0).max(1);
    let height = |count: u64| 1000 - count.saturating_mul(1000) / largest;
    // A single month is drawn as a flat line over the whole width.
    let steps = points.len().max(2) - 1;
    let place = |at: usize| chart.places.get(at).copied().unwrap_or(at * 1000 / steps);
    let mut ends: Vec<(usize, u64)> =
        points.iter().enumerate().map(|(at, &(_, count))| (place(at), height(count))).collect();
    if points.len() == 1 {
        ends.push((1000, height(points[0].1)));
    }
    // If the last period is incomplete, the line to it is dashed and its area hatched: shades alone are lost in print.
    let whole = if chart.is_last_partial { ends.len() - 1 } else { ends.len() };
    let name = format!("{title}: {} at most; {table} has the numbers", grouped(largest));
    page.markup("<figure>\n<h3>").text(title).markup("</h3>\n<div class=\"axis\"><span>").text(&grouped(largest));
    page.markup(
        "</span></div>\n<svg class=\"line\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" ",
    );
    page.markup("aria-label=\"").text(&name).markup("\">\n");
    write_line(page, &ends[..whole], ("<path class=\"area\" d=\"", "<path class=\"stroke\" d=\""));
    let partial = &ends[whole.saturating_sub(1)..];
    write_line(page, partial, PARTIAL);
    let hatching = hatching(partial);
    if !hatching.is_empty() {
        page.markup("<path class=\"hatch\" d=\"").text(&hatching).markup("\"/>\n");
    }
    let width = (1000 / steps).max(1);
    for (at, (month, count)) in points.iter().enumerate() {
        let left = place(at).saturating_sub(width / 2).to_string();
        page.markup("<rect x=\"")
            .text(&left)
            .markup("\" width=\"")
            .text(&width.to_string())
            .markup("\" height=\"1000\">");
        let so_far = if chart.is_last_partial && at + 1 == points.len() { " (so far)" } else { "" };
        page.markup("<title>").text(month).text(so_far).markup(": ").text(&grouped(*count));
        page.markup("</title></rect>\n");
    }
    page.markup("</svg>\n<div class=\"axis\">");
    // Labels are evenly spaced; points positioned by their times are not.
    let labels = if chart.places.is_empty() { LABELS } else { 2 }.min(points.len());
    for label in 0..labels {
        let at = if labels > 1 { label * (points.len() - 1) / (labels - 1) } else { 0 };
        page.markup("<span>").text(&points[at].0);
        let is_partial = chart.is_last_partial && at + 1 == points.len();
        page.markup(if is_partial { " (so far)</span>" } else { "</span>" });
    }
    page.markup("</div>\n");
    if let Some((name, _)) = points.last().filter(|_| chart.is_last_partial) {
        write_legend(page, name, !hatching.is_empty());
    }
    page.markup("</figure>\n");
}

/// The markup of the line to a point whose period is incomplete.
const PARTIAL: (&str, &str) = ("<path class=\"area partial\" d=\"", "<path class=\"stroke partial\" d=\"");

/// Distance between hatching lines, in thousandths of the width.
const HATCH_STEP: usize = 6;

/// Explains the dashed line, and the hatching if it is drawn: one of hundreds of days is too narrow for it.
fn write_legend(page: &mut Page, name: &str, is_hatched: bool) {
    let lines = if is_hatched { "M3 10V0M7 10V0M11 10V0M15 10V0" } else { "" };
    page.markup("<figcaption><svg class=\"swatch\" viewBox=\"0 0 18 10\" aria-hidden=\"true\">");
    page.markup("<path class=\"hatch\" d=\"").markup(lines).markup("\"/></svg>");
    page.markup(if is_hatched { "Hatched: " } else { "Dashed: " }).text(name).markup(" is not over.</figcaption>\n");
}

/// Vertical lines in the area below a line. They keep their width when the chart is stretched.
fn hatching(ends: &[(usize, u64)]) -> String {
    let mut lines = String::new();
    let &[(left, from), (right, to)] = ends else { return lines };
    let width = right.saturating_sub(left);
    for step in (HATCH_STEP..width).step_by(HATCH_STEP) {
        let part = |height: u64, share: usize| i128::from(height) * share as i128;
        let top = (part(from, width - step) + part(to, step)) / width as i128;
        lines += &format!("M{} 1000V{top}", left + step);
    }
    lines
}

/// Writes a line with the area below it, or nothing for a single point.
fn write_line(page: &mut Page, ends: &[(usize, u64)], (area, stroke): (&'static str, &'static str)) {
    let (Some(&(first, _)), Some(&(last, _)), true) = (ends.first(), ends.last(), ends.len() > 1) else { return };
    let mut line = String::new();
    for (at, (place, height)) in ends.iter().enumerate() {
        line += &format!("{}{place} {height}", if at == 0 { "M" } else { "L" });
    }
    page.markup(area).text(&line).text(&format!("L{last} 1000L{first} 1000z")).markup("\"/>\n");
    page.markup(stroke).text(&line).markup("\"/>\n");
}
