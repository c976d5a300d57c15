//! Dates, sizes and numbers as each language writes them.
//!
//! Times of day are the pages' business, since they need a time zone.

use chrono::Datelike as _;

use super::Language;
use crate::domain::time::Timestamp;

/// A space at which no line is broken.
const FIXED: char = '\u{a0}';

const MONTHS: [[&str; 12]; 3] = [
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
];

/// The day in UTC: `22 July 2026`, `22 juillet 2026`, `22. Juli 2026`.
pub fn date(language: Language, at: Timestamp) -> String {
    let Some(at) = chrono::DateTime::from_timestamp_millis(at.as_millis()) else { return at.to_string() };
    let names = match language {
        Language::En => &MONTHS[0],
        Language::Fr => &MONTHS[1],
        Language::De => &MONTHS[2],
    };
    let month = names.get(at.month0() as usize).copied().unwrap_or_default();
    let (day, year) = (at.day(), at.year());
    match (language, day) {
        (Language::De, _) => format!("{day}.{FIXED}{month} {year}"),
        (Language::Fr, 1) => format!("1er{FIXED}{month} {year}"),
        (Language::En | Language::Fr, _) => format!("{day}{FIXED}{month} {year}"),
    }
}

/// Bytes in the largest unit that leaves a number above one, with one decimal where it says something: `1.5 MB`, `1,5 Mo`.
pub fn size(language: Language, bytes: u64) -> String {
    let units = match language {
        Language::En => ["bytes", "kB", "MB", "GB", "TB", "PB"],
        Language::Fr => ["octets", "ko", "Mo", "Go", "To", "Po"],
        Language::De => ["Bytes", "kB", "MB", "GB", "TB", "PB"],
    };
    let mut unit = 0;
    // In tenths, so that no fraction is lost on the way.
    let mut tenths = u128::from(bytes) * 10;
    while tenths >= 9_995 && unit + 1 < units.len() {
        tenths = (tenths + 500) / 1_000;
        unit += 1;
    }
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let number = if unit == 0 || tenth == 0 || whole >= 100 {
        ((tenths + 5) / 10).to_string()
    } else {
        format!("{whole}{}{tenth}", if language == Language::En { '.' } else { ',' })
    };
    format!("{number}{FIXED}{}", units.get(unit).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_as_each_language_does() {
        let at = |text| Timestamp::parse_rfc3339(text).unwrap();
        let day = at("2026-03-01T23:59:59Z");
        let written = Language::ALL.map(|language| date(language, day).replace(FIXED, " "));
        assert_eq!(written, ["1 March 2026", "1er mars 2026", "1. März 2026"]);
        assert_eq!(date(Language::En, at("2026-12-24T00:00:00Z")).replace(FIXED, " "), "24 December 2026");
    }

    #[test]
    fn sizes_are_rounded_to_what_people_can_use() {
        for (bytes, en, de) in [
            (0, "0 bytes", "0 Bytes"),
            (999, "999 bytes", "999 Bytes"),
            (1_500, "1.5 kB", "1,5 kB"),
            (1_000_000, "1 MB", "1 MB"),
            (734_023_076, "734 MB", "734 MB"),
            (12_340_000_000, "12.3 GB", "12,3 GB"),
            (u64::MAX, "18447 PB", "18447 PB"),
        ] {
            assert_eq!(size(Language::En, bytes).replace(FIXED, " "), en);
            assert_eq!(size(Language::De, bytes).replace(FIXED, " "), de);
        }
        assert_eq!(size(Language::Fr, 1_500_000).replace(FIXED, " "), "1,5 Mo");
    }
}
