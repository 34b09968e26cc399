//! Regions by ISO 3166-1: English names, continents and calling codes.
//!
//! *Easy to get wrong:* phone libraries know one region that ISO does not, Kosovo (`XK`), and calling codes that belong
//! to no region (satellites, freephone).

mod countries;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use self::countries::COUNTRIES;

/// A country or territory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Common English name.
    pub(crate) name: &'static str,
    /// English name of the continent.
    pub(crate) continent: &'static str,
    /// Calling code, which other places may share.
    pub(crate) calling_code: u16,
}

/// Codes of international services and of Ascension (Recommendation ITU-T E.164, list of assigned codes).
const CODES_WITHOUT_REGION: [u16; 10] = [247, 800, 808, 870, 878, 881, 882, 883, 888, 979];

static CALLING_CODES: LazyLock<Box<[u16; 1000]>> = LazyLock::new(|| {
    let mut codes = Box::new([0; 1000]);
    let known = COUNTRIES.iter().map(|&(_, _, _, calling_code)| calling_code);
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

/// Finds the place with an ISO 3166-1 alpha-2 code, in capital letters.
pub(crate) fn find(code: &str) -> Option<Place> {
    let at = COUNTRIES.binary_search_by_key(&code, |&(code, ..)| code).ok()?;
    let (_, name, continent, calling_code) = COUNTRIES[at];
    Some(Place { name, continent: continent.name(), calling_code })
}

/// The calling code that a number begins with, by its first three digits; 0 where none is assigned.
pub(crate) fn calling_codes() -> &'static [u16; 1000] {
    &CALLING_CODES
}

/// A regular expression for all assigned calling codes, to be used after `^\\+`. Codes that differ only in the last digit
/// are combined.
pub(crate) fn calling_code_pattern() -> String {
    let codes: BTreeSet<u16> = CALLING_CODES.iter().copied().filter(|&code| code != 0).collect();
    let mut endings: BTreeMap<u16, String> = BTreeMap::new();
    for code in codes {
        endings.entry(code / 10).or_default().push(char::from(b'0' + u8::try_from(code % 10).unwrap_or(0)));
    }
    let alternative = |(start, ends): (u16, String)| {
        let start = if start == 0 { String::new() } else { start.to_string() };
        if ends.len() == 1 { start + &ends } else { format!("{start}[{ends}]") }
    };
    endings.into_iter().map(alternative).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::countries::Continent;
    use super::*;

    #[test]
    fn the_table_has_every_code_once_in_order() {
        assert!(COUNTRIES.windows(2).all(|pair| pair[0].0 < pair[1].0), "binary search needs the order");
        for (code, name, ..) in COUNTRIES {
            assert!(code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()), "{code}");
            assert!(!name.is_empty() && name.trim() == name, "{code}: {name:?}");
        }
        let names: HashSet<&str> = COUNTRIES.iter().map(|&(_, name, ..)| name).collect();
        assert_eq!(names.len(), COUNTRIES.len(), "no name stands for two places");
        // ISO 3166-1 has 249, without Kosovo.
        assert_eq!(COUNTRIES.len(), 249 + 1);
        let of = |continent| COUNTRIES.iter().filter(|country| country.2 == continent).count();
        let continents = [Continent::Africa, Continent::Asia, Continent::Europe, Continent::Oceania];
        assert_eq!(continents.map(of), [59, 53, 53, 26]);
        let americas = [Continent::NorthAmerica, Continent::SouthAmerica, Continent::Antarctica];
        assert_eq!(americas.map(of), [41, 14, 4]);
    }

    #[test]
    fn places_have_their_common_names_continents_and_calling_codes() {
        for (code, name, continent, calling_code) in [
            ("US", "United States", "North America", 1),
            ("CA", "Canada", "North America", 1),
            ("MX", "Mexico", "North America", 52),
            ("BR", "Brazil", "South America", 55),
            ("AR", "Argentina", "South America", 54),
            ("CO", "Colombia", "South America", 57),
            ("CL", "Chile", "South America", 56),
            ("PE", "Peru", "South America", 51),
            ("GB", "United Kingdom", "Europe", 44),
            ("IE", "Ireland", "Europe", 353),
            ("DE", "Germany", "Europe", 49),
            ("AT", "Austria", "Europe", 43),
            ("FR", "France", "Europe", 33),
            ("ES", "Spain", "Europe", 34),
            ("PT", "Portugal", "Europe", 351),
            ("IT", "Italy", "Europe", 39),
            ("PL", "Poland", "Europe", 48),
            ("CZ", "Czechia", "Europe", 420),
            ("TR", "Türkiye", "Europe", 90),
            ("XK", "Kosovo", "Europe", 383),
            ("NA", "Namibia", "Africa", 264),
            ("NG", "Nigeria", "Africa", 234),
            ("KE", "Kenya", "Africa", 254),
            ("TZ", "Tanzania", "Africa", 255),
            ("ZA", "South Africa", "Africa", 27),
            ("EG", "Egypt", "Africa", 20),
            ("IN", "India", "Asia", 91),
            ("PK", "Pakistan", "Asia", 92),
            ("ID", "Indonesia", "Asia", 62),
            ("PH", "Philippines", "Asia", 63),
            ("JP", "Japan", "Asia", 81),
            ("KR", "South Korea", "Asia", 82),
            ("KP", "North Korea", "Asia", 850),
            ("TW", "Taiwan", "Asia", 886),
            ("CD", "DR Congo", "Africa", 243),
            ("CN", "China", "Asia", 86),
            ("IR", "Iran", "Asia", 98),
            ("KZ", "Kazakhstan", "Asia", 7),
            ("AE", "United Arab Emirates", "Asia", 971),
            ("AU", "Australia", "Oceania", 61),
            ("NZ", "New Zealand", "Oceania", 64),
            ("AQ", "Antarctica", "Antarctica", 672),
        ] {
            assert_eq!(find(code), Some(Place { name, continent, calling_code }), "{code}");
        }
        for no_code in ["ZZ", "us", "U", "USA", ""] {
            assert_eq!(find(no_code), None, "{no_code:?}");
        }
    }

    #[test]
    fn every_number_has_at_most_one_calling_code() {
        let codes = calling_codes();
        assert_eq!([120, 712, 442, 353, 210, 999].map(|digits: usize| codes[digits]), [1, 7, 44, 353, 0, 0]);
        assert_eq!(codes[..100], [0; 100]);
        let codes: HashSet<_> = COUNTRIES.iter().map(|country| country.3).collect();
        for code in &codes {
            assert!(!codes.contains(&(code / 10)) && !codes.contains(&(code / 100)), "{code}");
        }
    }
}
