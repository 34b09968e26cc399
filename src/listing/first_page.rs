//! The first page of a list, and the page sizes that the service accepts and honors.

use super::source::{Fetched, ListFailure, PageSource};
use super::{PageFacts, Window};

/// The first page of a list.
#[derive(Debug)]
pub struct FirstPage<P> {
    /// The page.
    pub fetched: Fetched<P>,
    /// The page size that the service accepted.
    pub accepted_size: u32,
    /// The page size that the service honors: it may send fewer rows on a page than it accepts.
    pub honored_size: u32,
}

/// Fetches the first page with pages of `page_size`, or the largest smaller size that the service accepts; `None` if the
/// service says that nothing matches.
///
/// # Errors
/// When the page cannot be fetched.
pub async fn first_page<S: PageSource>(source: &S, page_size: u32) -> Result<Option<FirstPage<S::Page>>, S::Error> {
    let mut size = page_size.max(1);
    loop {
        let window = Window::first(size);
        let error = match source.fetch(window, source.permit().await).await {
            Ok(fetched) => {
                let honored_size = PageFacts::of(window, &fetched).honored_size().max(1);
                return Ok(Some(FirstPage { fetched, accepted_size: size, honored_size }));
            }
            Err(error) if error.is_empty_list() => return Ok(None),
            Err(error) => error,
        };
        let Some(smaller) = error.smaller_page_size(size) else { return Err(error) };
        tracing::warn!(name: "page_size_reduced", "the API refuses pages of {size} rows; continuing with {smaller}");
        size = smaller;
    }
}
