//! Regions by ISO 3166-1: English names, continents and calling codes, from the `keshvar` crate.
//!
//! *Easy to get wrong:* phone libraries know one region that ISO does not, Kosovo (`XK`), and calling codes that belong
//! to no region (satellites, freephone). Both are added here.

use std::collections::HashMap;
use std::sync::LazyLock;

use keshvar::{Continent, Country, CountryIterator};

/// A country or territory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// English name, as people say it.
    pub(super) name: &'static str,
    /// English name of the continent.
    pub(super) continent: &'static str,
    /// Calling code, which other places may share.
    pub(super) calling_code: u16,
}

/// Longest official name that is used as it is.
const MAX_NAME: usize = 22;
/// Codes of international services and of Ascension (Recommendation ITU-T E.164, list of assigned codes).
const CODES_WITHOUT_REGION: [u16; 11] = [247, 800, 808, 870, 878, 881, 882, 883, 888, 979, 383];

static PLACES: LazyLock<HashMap<String, Place>> = LazyLock::new(|| {
    let mut places: HashMap<String, Place> =
        CountryIterator::new().map(|country| (format!("{:?}", country.alpha2()), place(&country))).collect();
    places.insert("XK".to_owned(), Place { name: "Kosovo", continent: "Europe", calling_code: 383 });
    places
});

static CALLING_CODES: LazyLock<Box<[u16; 1000]>> = LazyLock::new(|| {
    let mut codes = Box::new([0; 1000]);
    let known = PLACES.values().map(|place| place.calling_code);
    for code in known.chain(CODES_WITHOUT_REGION) {
        let first = usize::from(code);
        let numbers = match code {
            0..10 => first * 100..first * 100 + 100,
            10..100 => first * 10..first * 10 + 10,
            _ => first..first + 1,
        };
        codes[numbers].fill(code);
    }
    codes
});

/// The place of an ISO 3166-1 alpha-2 code.
pub(super) fn find(code: &str) -> Option<&'static Place> {
    PLACES.get(code)
}

/// The calling code that a number begins with, by its first three digits; 0 where none is assigned.
pub(super) fn calling_codes() -> &'static [u16; 1000] {
    &CALLING_CODES
}

fn place(country: &Country) -> Place {
    Place {
        name: name(country),
        continent: continent(country.continent()),
        calling_code: u16::try_from(country.country_code()).unwrap_or_default(),
    }
}

/// ISO's short name, unless it is one that nobody says ("Iran (Islamic Republic of)").
fn name(country: &Country) -> &'static str {
    let official = country.iso_short_name();
    let is_stiff = official.contains([',', '(']) || official.chars().count() > MAX_NAME;
    match country.unofficial_name_list().first() {
        // The list begins with the English name but for a few places, whose official names are no stiff ones.
        Some(usual) if is_stiff && usual.len() < official.len() => usual,
        _ => official,
    }
}

fn continent(continent: Continent) -> &'static str {
    match continent {
        Continent::Africa => "Africa",
        Continent::Antarctica => "Antarctica",
        Continent::Asia => "Asia",
        Continent::Australia => "Oceania",
        Continent::Europe => "Europe",
        Continent::NorthAmerica => "North America",
        Continent::SouthAmerica => "South America",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_the_names_that_people_say() {
        let names = ["US", "GB", "NA", "IR", "KR", "TR", "CZ", "XK", "TZ"].map(|code| find(code).unwrap().name);
        let wanted = [
            "United States",
            "United Kingdom",
            "Namibia",
            "Iran",
            "South Korea",
            "Türkiye",
            "Czechia",
            "Kosovo",
            "Tanzania",
        ];
        assert_eq!(names, wanted);
        assert_eq!(find("NZ").unwrap().continent, "Oceania");
        assert!(find("ZZ").is_none() && find("us").is_none());
        assert_eq!(PLACES.len(), 250);
    }

    #[test]
    fn every_number_has_at_most_one_calling_code() {
        let codes = calling_codes();
        assert_eq!([120, 712, 442, 353, 210, 999].map(|digits: usize| codes[digits]), [1, 7, 44, 353, 0, 0]);
        assert_eq!(codes[..100], [0; 100]);
        let codes: std::collections::HashSet<_> = PLACES.values().map(|place| place.calling_code).collect();
        for code in &codes {
            assert!(!codes.contains(&(code / 10)) && !codes.contains(&(code / 100)), "{code}");
        }
    }
}
