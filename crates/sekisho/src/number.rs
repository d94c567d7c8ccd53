//! What `sekisho number check` and `sekisho number explain` say, for people and as JSON.
//!
//! Reads leniently, as people write. A value that may be personal is shown masked, its last two
//! digits aside, because screens and logs outlive the question; only `explain` shows a number, to
//! who gave it.

use comfy_table::{CellAlignment, Table, presets};
use numbers::{
    CorporateNumber, Explanation, Family, IndividualNumber, LocalGovernmentCode, NumberRefusal,
    ResidentRecordCode, explain as explain_number,
};
use serde_json::{Value, json};

/// One checked value.
#[derive(Debug)]
pub(crate) struct CheckLine {
    /// Which of the values, counted from 1.
    position: usize,
    /// The value, masked unless it is a public number.
    shown: String,
    family: Option<Family>,
    refusal: Option<Refusal>,
}

/// Why a value is no number, or cannot be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No family was named, and none has numbers of this length.
    Family {
        /// Characters found, spaces and hyphens aside.
        found: usize,
    },
    /// Not a number of its family.
    Number(NumberRefusal),
}

/// Checks each value as a number of `family`, or of the family that its length tells.
pub(crate) fn check(
    values: impl Iterator<Item = String>,
    family: Option<Family>,
) -> Vec<CheckLine> {
    (1..).zip(values).map(|(position, value)| CheckLine::new(position, &value, family)).collect()
}

/// The checked values as a table for people.
pub(crate) fn check_table(lines: &[CheckLine]) -> String {
    let mut table = table(["", "value", "is", "verdict"]);
    for line in lines {
        let family = line.family.map_or("?", words);
        let verdict = line.refusal.map_or("valid".to_owned(), |refusal| refusal.to_string());
        table.add_row([line.position.to_string(), line.shown.clone(), family.into(), verdict]);
    }
    align_right(&mut table, &[0]);
    table.to_string()
}

/// The arithmetic of one value's check digit; a wrong one is explained too. With the family named,
/// a payload without its check digit is enough.
pub(crate) fn explain(value: &str, family: Option<Family>) -> Result<Explanation, Refusal> {
    let family = family.map_or_else(|| family_of(value), Ok)?;
    explain_number(family, value).map_err(Refusal::Number)
}

/// An explanation as JSON.
pub(crate) fn explain_json(explanation: &Explanation) -> Value {
    let steps = explanation.steps.iter();
    let steps = steps
        .map(|step| json!({ "digit": step.digit, "weight": step.weight, "product": step.product }));
    json!({
        "family": explanation.family.label(),
        "steps": steps.collect::<Vec<_>>(),
        "sum": explanation.sum,
        "modulus": explanation.modulus,
        "remainder": explanation.remainder,
        "rule": explanation.rule(),
        "check_digit": explanation.check_digit,
        "given": explanation.given,
        "agrees": explanation.agrees(),
    })
}

/// An explanation as a table for people, and the sentences that follow from it.
pub(crate) fn explain_table(explanation: &Explanation) -> String {
    let mut table = table(["digit", "weight", "product"]);
    for step in &explanation.steps {
        table.add_row([step.digit, step.weight, step.product].map(|n| n.to_string()));
    }
    table.add_row([String::new(), "sum".to_owned(), explanation.sum.to_string()]);
    align_right(&mut table, &[0, 1, 2]);
    let Explanation { family, sum, modulus, remainder, check_digit, .. } = explanation;
    let verdict = match explanation.given {
        None => format!("The check digit is {check_digit}."),
        Some(given) if given == *check_digit => format!("The check digit {given} is right."),
        Some(given) => format!("The check digit {given} is wrong; {check_digit} belongs there."),
    };
    format!(
        "{table}\n\n{} ({})\n{sum} divided by {modulus} leaves {remainder}.\nCheck digit: {}.\n{verdict}",
        words(*family),
        japanese(*family),
        explanation.rule(),
    )
}

impl CheckLine {
    fn new(position: usize, value: &str, family: Option<Family>) -> Self {
        let found = family.map_or_else(|| family_of(value), Ok);
        let checked = found.and_then(|family| read(family, value).map_err(Refusal::Number));
        let shown = checked.clone().ok().flatten().unwrap_or_else(|| masked(value));
        Self { position, shown, family: found.ok(), refusal: checked.err() }
    }

    /// Whether the value is a number.
    pub(crate) fn is_valid(&self) -> bool {
        self.refusal.is_none()
    }

    /// The line as JSON.
    pub(crate) fn json(&self) -> Value {
        let mut line = json!({
            "position": self.position,
            "shown": self.shown,
            "family": self.family.map(Family::label),
            "valid": self.is_valid(),
        });
        if let Some(refusal) = self.refusal {
            line["refusal"] = refusal.label().into();
            line["detail"] = refusal.to_string().into();
        }
        line
    }
}

impl Refusal {
    /// The stable label.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Family { .. } => "number_family",
            Self::Number(refusal) => refusal.label(),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Family { found } => {
                write!(f, "{found} characters tell no family; 6, 11, 12 or 13 would, or name one")
            }
            Self::Number(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

/// Reads a value; a public number is handed back as it is printed, a personal one is not.
fn read(family: Family, value: &str) -> Result<Option<String>, NumberRefusal> {
    match family {
        Family::IndividualNumber => IndividualNumber::parse_lenient(value).map(|_| None),
        Family::ResidentRecordCode => ResidentRecordCode::parse_lenient(value).map(|_| None),
        Family::CorporateNumber => {
            CorporateNumber::parse_lenient(value).map(|number| Some(number.to_string()))
        }
        Family::LocalGovernmentCode => {
            LocalGovernmentCode::parse_lenient(value).map(|code| Some(code.to_string()))
        }
    }
}

fn family_of(value: &str) -> Result<Family, Refusal> {
    let found = written(value).count();
    Family::of_length(found).ok_or(Refusal::Family { found })
}

/// The characters that are written as a part of the number: neither spaces nor hyphens, for which
/// Japanese keyboards also give the long vowel mark.
fn written(value: &str) -> impl DoubleEndedIterator<Item = char> {
    value.chars().filter(|c| c.is_alphanumeric() && !matches!(c, '\u{30FC}' | '\u{FF70}'))
}

/// A star for each character but the last two, at most twenty in all.
fn masked(value: &str) -> String {
    let count = written(value).count();
    let kept = if count > MASK_KEEPS { MASK_KEEPS } else { 0 };
    let last: String = written(value).skip(count - kept).collect();
    "*".repeat((count - kept).min(MASK_LENGTH_MAX)) + &last
}

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    table
}

fn align_right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

const fn words(family: Family) -> &'static str {
    match family {
        Family::IndividualNumber => "Individual Number",
        Family::ResidentRecordCode => "resident record code",
        Family::CorporateNumber => "corporate number",
        Family::LocalGovernmentCode => "local government code",
    }
}

const fn japanese(family: Family) -> &'static str {
    match family {
        Family::IndividualNumber => "個人番号",
        Family::ResidentRecordCode => "住民票コード",
        Family::CorporateNumber => "法人番号",
        Family::LocalGovernmentCode => "全国地方公共団体コード",
    }
}

const MASK_KEEPS: usize = 2;
const MASK_LENGTH_MAX: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(values: &[&str], family: Option<Family>) -> Vec<CheckLine> {
        check(values.iter().map(|value| (*value).to_owned()), family)
    }

    #[test]
    fn the_length_tells_the_family() {
        for (value, shown, family) in [
            ("123456789018", "**********18", "individual_number"),
            ("1234-5678 9018", "**********18", "individual_number"),
            ("\u{FF11}23456ー789018", "**********18", "individual_number"),
            ("24727059608", "*********08", "resident_record_code"),
            ("5835678256246", "5835678256246", "corporate_number"),
            ("5-8356-7825-6246", "5835678256246", "corporate_number"),
            ("131016", "131016", "local_government_code"),
        ] {
            let [line] = &check_all(&[value], None)[..] else { panic!("one line for one value") };
            assert!(line.is_valid(), "{value}");
            let expected = json!({"position": 1, "shown": shown, "family": family, "valid": true});
            assert_eq!(line.json(), expected);
        }
    }

    #[test]
    fn refusals_have_label_and_words_and_stay_masked() {
        for (value, family, shown, label) in [
            ("123456789012", None, "**********12", "individual_number_check_digit"),
            ("12345678901X", None, "**********1X", "individual_number_not_a_digit"),
            ("2835678256246", None, "***********46", "corporate_number_check_digit"),
            ("480002", None, "****02", "local_government_code_prefecture"),
            ("1234567890", None, "********90", "number_family"),
            ("", None, "", "number_family"),
            ("12", None, "**", "number_family"),
            ("", Some(Family::CorporateNumber), "", "corporate_number_empty"),
            (
                "123456789018",
                Some(Family::CorporateNumber),
                "**********18",
                "corporate_number_length",
            ),
        ] {
            let [line] = &check_all(&[value], family)[..] else { panic!("one line for one value") };
            let json = line.json();
            assert!(!line.is_valid());
            assert_eq!((&json["shown"], &json["refusal"]), (&json!(shown), &json!(label)));
            assert!(json["detail"].as_str().unwrap().len() > 10);
            assert_eq!(json["family"].is_null(), label == "number_family");
        }
    }

    #[test]
    fn no_personal_number_is_shown_in_full() {
        let values =
            ["123456789018", "123456789012", "24727059608", "24727059609", "1234567890180"];
        let lines = check_all(&values, None);
        let mut seen = check_table(&lines) + &format!("{lines:?}");
        lines.iter().for_each(|line| seen += &line.json().to_string());
        for value in values {
            assert!(!seen.contains(value) && !seen.contains(&value[..4]), "{seen}");
        }
        let long = "9".repeat(10_000);
        let lines = check_all(&[&long], None);
        assert_eq!(lines[0].shown.len(), MASK_LENGTH_MAX + MASK_KEEPS);
    }

    #[test]
    fn the_table_has_a_line_for_each_value() {
        let lines = check_all(&["131016", "123456789012", "?"], None);
        let expected = [
            "|   | value        | is                    | verdict                                                         |",
            "|---|--------------|-----------------------|-----------------------------------------------------------------|",
            "| 1 | 131016       | local government code | valid                                                           |",
            "| 2 | **********12 | Individual Number     | individual number: the check digit does not fit                 |",
            "| 3 |              | ?                     | 0 characters tell no family; 6, 11, 12 or 13 would, or name one |",
        ];
        assert_eq!(check_table(&lines).lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn an_explanation_shows_every_step() {
        let explanation = explain("1234 5678 9012", None).unwrap();
        let json = explain_json(&explanation);
        assert_eq!(json["steps"].as_array().unwrap().len(), 11);
        assert_eq!(json["steps"][2], json!({"digit": 3, "weight": 4, "product": 12}));
        for (field, value) in [
            ("family", json!("individual_number")),
            ("sum", json!(212)),
            ("modulus", json!(11)),
            ("remainder", json!(3)),
            ("check_digit", json!(8)),
            ("given", json!(2)),
            ("agrees", json!(false)),
        ] {
            assert_eq!(json[field], value, "{field}");
        }
        let table = explain_table(&explanation);
        for line in [
            "|     3 |      4 |      12 |",
            "|       |    sum |     212 |",
            "Individual Number (個人番号)",
            "212 divided by 11 leaves 3.",
            "Check digit: 11 minus the remainder; 0 when the remainder is 0 or 1.",
            "The check digit 2 is wrong; 8 belongs there.",
        ] {
            assert!(table.lines().any(|shown| shown == line), "{line}\n{table}");
        }
    }

    #[test]
    fn right_digits_and_payloads_are_explained_too() {
        let last = |value: &str, family| {
            let table = explain_table(&explain(value, family).unwrap());
            table.lines().last().unwrap().to_owned()
        };
        assert_eq!(last("5835678256246", None), "The check digit 5 is right.");
        let family = Some(Family::LocalGovernmentCode);
        assert_eq!(last("13101", family), "The check digit is 6.");
        assert!(explain_json(&explain("13101", family).unwrap())["given"].is_null());
        assert_eq!(explain("13101", None).unwrap_err(), Refusal::Family { found: 5 });
        let refusal = explain("131", family).unwrap_err();
        assert_eq!(refusal.label(), "local_government_code_length");
    }
}
