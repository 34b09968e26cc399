//! One renderer for each form: tables for a terminal, Markdown, HTML. A renderer shows what [`view`](super::view) lays out
//! and computes no numbers.

mod html;
mod markdown;
mod text;

pub(super) use self::html::render_html;
pub(super) use self::markdown::{render_digest, render_markdown};
pub use self::text::TableStyle;
pub(super) use self::text::render_table;
