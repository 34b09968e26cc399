//! Regions, and how phone numbers are written there.
//!
//! [`REGIONS`] lists prefixes of subscriber numbers in use for each region, and the usual national and international
//! formats. A prefix padded with digits is a number that libphonenumber considers valid *for that region*, even
//! where regions share a calling code (US, CA, PR and DO; GB and JE; RU and KZ).
//!
//! *Easy to get wrong:* the first digit after the prefix must be 2 to 9. Some numbering plans exclude 0 and 1 there,
//! and libphonenumber then rejects the number or assigns it to a neighboring region.
//!
//! Prefixes and formats were found by checking hundreds of numbers per prefix against libphonenumber. The weights are
//! invented: a company that sells in North America, Europe, India and Brazil, with a long tail.
//!
//! `tests/sdk/check_phone_numbers.py` checks every number of an account against libphonenumber.

use super::random::Draws;

/// A region and its phone numbers.
#[derive(Debug)]
pub(super) struct Region {
    /// ISO 3166-1 alpha-2 code.
    pub(super) code: &'static str,
    /// Calling code, without `+`.
    pub(super) calling_code: &'static str,
    /// How many of [`TOTAL_WEIGHT`] contacts live here.
    weight: u32,
    /// Prefixes of subscriber numbers.
    prefixes: &'static [&'static str],
    /// National format; each `#` is a digit.
    national: &'static str,
    /// International format after the calling code and a space.
    international: &'static str,
}

/// Shorthand for the table.
const fn region(
    code: &'static str,
    calling_code: &'static str,
    weight: u32,
    prefixes: &'static [&'static str],
    national: &'static str,
    international: &'static str,
) -> Region {
    Region { code, calling_code, weight, prefixes, national, international }
}

/// All regions.
pub(super) const REGIONS: &[Region] = &[
    region(
        "US",
        "1",
        300,
        &[
            "201", "206", "212", "213", "214", "303", "305", "312", "404", "415", "512", "602", "617", "702", "713",
            "818", "917",
        ],
        "(###) ###-####",
        "###-###-####",
    ),
    region("CA", "1", 35, &["204", "416", "403", "514", "604", "613", "902"], "(###) ###-####", "###-###-####"),
    region("PR", "1", 7, &["787", "939"], "(###) ###-####", "###-###-####"),
    region("DO", "1", 7, &["809", "829", "849"], "(###) ###-####", "###-###-####"),
    region("MX", "52", 50, &["55", "33", "81"], "## #### ####", "## #### ####"),
    region("GT", "502", 4, &["51", "52"], "#### ####", "#### ####"),
    region("CR", "506", 3, &["83", "87", "60"], "#### ####", "#### ####"),
    region("PA", "507", 2, &["61", "66"], "####-####", "####-####"),
    region("CO", "57", 18, &["300", "310", "320"], "### #######", "### #######"),
    region("PE", "51", 9, &["91", "98"], "### ### ###", "### ### ###"),
    region("CL", "56", 8, &["98", "94"], "# #### ####", "# #### ####"),
    region(
        "BR",
        "55",
        75,
        &["1197", "1198", "2197", "2199", "3198", "5198", "7198"],
        "(##) #####-####",
        "## #####-####",
    ),
    region("GB", "44", 80, &["7400", "7712", "7801", "7956"], "0#### ######", "#### ######"),
    region("JE", "44", 1, &["77977", "77978", "78297"], "0#### ######", "#### ######"),
    region("IE", "353", 7, &["83", "85", "87"], "0## ### ####", "## ### ####"),
    region("DE", "49", 50, &["160", "170", "171", "175"], "0### ########", "### ########"),
    region("AT", "43", 6, &["650", "660", "664", "676"], "0### ######", "### ######"),
    region("CH", "41", 8, &["76", "78", "79"], "0## ### ## ##", "## ### ## ##"),
    region("FR", "33", 42, &["60", "61", "66", "75"], "0# ## ## ## ##", "# ## ## ## ##"),
    region("BE", "32", 7, &["47", "48", "49"], "0### ## ## ##", "### ## ## ##"),
    region("NL", "31", 14, &["61", "62", "64"], "0# ########", "# ########"),
    region("LU", "352", 1, &["621", "661"], "### ### ###", "### ### ###"),
    region("ES", "34", 28, &["60", "61", "65", "67"], "### ## ## ##", "### ## ## ##"),
    region("PT", "351", 9, &["91", "93", "96"], "### ### ###", "### ### ###"),
    region("IT", "39", 28, &["320", "333", "347", "389"], "### ### ####", "### ### ####"),
    region("GR", "30", 5, &["694", "697", "698"], "### ### ####", "### ### ####"),
    region("SE", "46", 8, &["70", "72", "73", "76"], "0##-### ## ##", "## ### ## ##"),
    region("NO", "47", 5, &["40", "9"], "## ## ## ##", "## ## ## ##"),
    region("DK", "45", 4, &["20", "31", "42"], "## ## ## ##", "## ## ## ##"),
    region("FI", "358", 4, &["40", "45", "50"], "0## #######", "## #######"),
    region("IS", "354", 1, &["77"], "### ####", "### ####"),
    region("PL", "48", 15, &["501", "601", "660", "790"], "### ### ###", "### ### ###"),
    region("CZ", "420", 6, &["601", "720", "776"], "### ### ###", "### ### ###"),
    region("RO", "40", 6, &["72", "74", "75"], "0### ### ###", "### ### ###"),
    region("UA", "380", 8, &["50", "67", "93"], "0## ### ####", "## ### ####"),
    region("RU", "7", 22, &["903", "916", "921"], "8 (###) ###-##-##", "### ###-##-##"),
    region("KZ", "7", 5, &["701", "705", "777"], "8 (###) ### ####", "### ### ####"),
    region("TR", "90", 14, &["532", "542", "555"], "0### ### ## ##", "### ### ## ##"),
    region("IL", "972", 7, &["50", "52", "54"], "0##-###-####", "##-###-####"),
    region("AE", "971", 9, &["50", "55", "56"], "0## ### ####", "## ### ####"),
    region("SA", "966", 8, &["50", "53", "55"], "0## ### ####", "## ### ####"),
    region("EG", "20", 10, &["10", "11", "12"], "0## ########", "## ########"),
    region("MA", "212", 5, &["61", "66"], "0# ## ## ## ##", "# ## ## ## ##"),
    region("NG", "234", 18, &["803", "806", "813"], "0### ### ####", "### ### ####"),
    region("GH", "233", 4, &["24", "20", "54"], "0## ### ####", "## ### ####"),
    region("KE", "254", 8, &["70", "71", "72"], "0### ######", "### ######"),
    region("ZA", "27", 14, &["82", "83", "72"], "0## ### ####", "## ### ####"),
    region("NA", "264", 2, &["81", "85"], "0## ### ####", "## ### ####"),
    region("IN", "91", 85, &["98", "99", "97", "90", "70"], "0##### #####", "##### #####"),
    region("PK", "92", 12, &["300", "321", "333"], "0### #######", "### #######"),
    region("BD", "880", 9, &["171", "181", "191"], "0####-######", "####-######"),
    region("ID", "62", 30, &["812", "813", "857"], "0###-###-###", "###-###-###"),
    region("MY", "60", 9, &["12", "13", "17", "19"], "0##-### ####", "##-### ####"),
    region("SG", "65", 8, &["81", "91", "98"], "#### ####", "#### ####"),
    region("TH", "66", 7, &["81", "89", "91"], "0## ### ####", "## ### ####"),
    region("VN", "84", 9, &["90", "91", "98"], "0### ### ###", "### ### ###"),
    region("PH", "63", 20, &["917", "918", "927"], "0### ### ####", "### ### ####"),
    region("JP", "81", 16, &["70", "80", "90"], "0##-####-####", "##-####-####"),
    region("HK", "852", 5, &["91"], "#### ####", "#### ####"),
    region("AU", "61", 18, &["40", "41", "42", "43"], "0### ### ###", "### ### ###"),
    region("NZ", "64", 5, &["21"], "0## ### ####", "## ### ####"),
];

/// The sum of all weights.
const TOTAL_WEIGHT: u32 = {
    let mut total = 0;
    let mut next = 0;
    while next < REGIONS.len() {
        total += REGIONS[next].weight;
        next += 1;
    }
    total
};

impl Region {
    /// Draws a region by weight.
    pub(super) fn drawn(draws: &mut Draws) -> &'static Self {
        let mut rest = draws.below(TOTAL_WEIGHT);
        for region in REGIONS {
            if rest < region.weight {
                return region;
            }
            rest -= region.weight;
        }
        &REGIONS[0]
    }

    /// Draws the digits of a subscriber number, without calling code or trunk prefix.
    pub(super) fn digits(&self, draws: &mut Draws) -> String {
        let length = self.international.bytes().filter(|byte| *byte == b'#').count();
        let mut digits = String::with_capacity(length);
        digits.push_str(draws.pick::<&str>(self.prefixes));
        digits.push(char::from(b'2' + low_byte(draws.below(8))));
        let mut rest = draws.next();
        while digits.len() < length {
            digits.push(char::from(b'0' + low_byte(u32::try_from(rest % 10).unwrap_or_default())));
            rest /= 10;
        }
        digits
    }

    /// Appends the number in national format to `text`.
    pub(super) fn write_national(&self, digits: &str, text: &mut String) {
        fill(self.national, digits, text, false);
    }

    /// Appends the number in international format without calling code to `text`; `dashed` writes every separator as `-`.
    pub(super) fn write_international(&self, digits: &str, dashed: bool, text: &mut String) {
        fill(self.international, digits, text, dashed);
    }
}

/// A small number as a byte.
fn low_byte(number: u32) -> u8 {
    u8::try_from(number).unwrap_or_default()
}

/// Replaces each `#` of the pattern with a digit.
fn fill(pattern: &str, digits: &str, text: &mut String, dashed: bool) {
    let mut digits = digits.bytes();
    for byte in pattern.bytes() {
        match byte {
            b'#' => text.extend(digits.next().map(char::from)),
            b' ' if dashed => text.push('-'),
            other => text.push(char::from(other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::random::DrawPurpose;
    use super::*;

    #[test]
    fn patterns_have_as_many_digits_as_the_number() {
        let mut draws = Draws::new(1, DrawPurpose::Contact, 0);
        for region in REGIONS {
            let digits = region.digits(&mut draws);
            let holes = |pattern: &str| pattern.matches('#').count();
            assert_eq!(holes(region.national), digits.len(), "{}", region.code);
            assert_eq!(holes(region.international), digits.len(), "{}", region.code);
            assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
        }
    }

    #[test]
    fn there_are_more_than_forty_regions_and_some_share_a_calling_code() {
        assert!(REGIONS.len() > 40);
        assert_eq!(REGIONS.iter().filter(|region| region.calling_code == "1").count(), 4);
        assert!(REGIONS.iter().any(|region| region.code == "NA"));
    }
}
