//! One renderer a form: a terminal's table, Markdown, HTML. Each shows what [`view`](super::view) lays out, and counts
//! nothing itself.

mod html;
mod markdown;
mod text;

pub use self::html::render_html;
pub use self::markdown::render_markdown;
pub use self::text::{TableStyle, render_table};
