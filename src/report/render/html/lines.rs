//! Line charts over time, side by side.

use super::super::super::view::parts::{LineChart, LinesView};
use super::page::Page;
use crate::base::plural::grouped;

/// Labels below a chart.
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

fn write_chart(page: &mut Page, LineChart { title, points, table }: &LineChart) {
    let largest = points.iter().map(|&(_, count)| count).max().unwrap_or(0).max(1);
    // A single month is a flat line over the whole width.
    let steps = points.len().max(2) - 1;
    let height = |count: u64| 1000 - count.saturating_mul(1000) / largest;
    let place = |at: usize| (at * 1000 / steps).to_string();
    let mut line = String::new();
    for (at, &(_, count)) in points.iter().enumerate() {
        line += &format!("{}{} {}", if at == 0 { "M" } else { "L" }, place(at), height(count));
    }
    if points.len() == 1 {
        line += &format!("L1000 {}", height(points[0].1));
    }
    let name = format!("{title}: {} at most; {table} has the numbers", grouped(largest));
    page.markup("<figure>\n<h3>").text(title).markup("</h3>\n<div class=\"axis\"><span>").text(&grouped(largest));
    page.markup(
        "</span></div>\n<svg class=\"line\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" ",
    );
    page.markup("aria-label=\"").text(&name).markup("\">\n<path class=\"area\" d=\"").text(&line);
    page.markup("L1000 1000L0 1000z\"/>\n<path class=\"stroke\" d=\"").text(&line).markup("\"/>\n");
    let width = (1000 / steps).max(1);
    for (at, (month, count)) in points.iter().enumerate() {
        let left = (at * 1000 / steps).saturating_sub(width / 2).to_string();
        page.markup("<rect x=\"")
            .text(&left)
            .markup("\" width=\"")
            .text(&width.to_string())
            .markup("\" height=\"1000\">");
        page.markup("<title>").text(month).markup(": ").text(&grouped(*count)).markup("</title></rect>\n");
    }
    page.markup("</svg>\n<div class=\"axis\">");
    let labels = LABELS.min(points.len());
    for label in 0..labels {
        let at = if labels > 1 { label * (points.len() - 1) / (labels - 1) } else { 0 };
        page.markup("<span>").text(&points[at].0).markup("</span>");
    }
    page.markup("</div>\n</figure>\n");
}
