//! The folded form of an address: house numbers in one notation.
//!
//! 一丁目２番地の３, 1丁目2-3 and １－２－３ are one place. Folding is modest on purpose: it knows
//! nothing of place names, so 十番 in 麻布十番 becomes a number too, the same in every spelling.

use super::fold_name;

/// The search key of an address: the folding of names, with one hyphen for every dash, and house
/// numbers (丁目, 番地, 番, 号, の between digits, kanji numerals before them) as `1-2-3`.
pub fn fold_address(address: &str) -> String {
    let folded: Vec<char> = fold_name(address).chars().map(unify_dash).collect();
    // A hyphen that will not stay must not keep a number from its word.
    let tidied: Vec<char> = tidy_hyphens(&kanji_numerals(&folded)).chars().collect();
    tidy_hyphens(&join_numbers(&tidied))
}

/// Replaces kanji numerals (一 to 九百九十九) that a house-number word follows by digits.
fn kanji_numerals(text: &[char]) -> Vec<char> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let length = rest.iter().take_while(|c| numeral(**c).is_some()).count();
        let (numerals, after) = rest.split_at(length);
        match numeral_value(numerals) {
            Some(value) if unit_length(after) > 0 => out.extend(value.to_string().chars()),
            _ => out.extend(numerals),
        }
        rest = after;
        if length == 0 {
            out.push(first);
            rest = &rest[1..];
        }
    }
    out
}

/// Puts a hyphen where a word of house numbers stands after a digit.
fn join_numbers(text: &[char]) -> Vec<char> {
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(&first) = rest.first() {
        let after_digit = out.iter().rfind(|c| **c != '-').is_some_and(char::is_ascii_digit);
        let unit = unit_length(rest);
        if after_digit && unit > 0 {
            out.push('-');
            rest = &rest[unit..];
        } else if after_digit && first == 'ノ' && rest.get(1).is_some_and(char::is_ascii_digit) {
            out.push('-');
            rest = &rest[1..];
        } else {
            out.push(first);
            rest = &rest[1..];
        }
    }
    out
}

/// Keeps a hyphen only between two digits or two other characters, once.
fn tidy_hyphens(text: &[char]) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    let mut last_kept = None;
    let mut hyphen = false;
    for &c in text {
        if c == '-' {
            hyphen = true;
            continue;
        }
        let joins = last_kept.is_some_and(|l: char| l.is_ascii_digit() == c.is_ascii_digit());
        if hyphen && joins {
            out.push('-');
        }
        hyphen = false;
        out.push(c);
        last_kept = Some(c);
    }
    out
}

/// Length of the house-number word that `text` begins with, or 0.
fn unit_length(text: &[char]) -> usize {
    let begins = |unit: &&&str| unit.chars().eq(text.iter().copied().take(unit.chars().count()));
    UNITS.iter().find(begins).map_or(0, |unit| unit.chars().count())
}

const fn unify_dash(c: char) -> char {
    match c {
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | 'ー' | '─' => '-',
        other => other,
    }
}

fn numeral_value(numerals: &[char]) -> Option<u32> {
    if numerals.is_empty() || numerals.len() > NUMERAL_LENGTH_MAX {
        return None;
    }
    if !numerals.iter().any(|c| matches!(c, '十' | '百')) {
        return Some(numerals.iter().filter_map(|c| numeral(*c)).fold(0, |sum, n| sum * 10 + n));
    }
    let (mut sum, mut digit) = (0, None);
    for n in numerals.iter().filter_map(|c| numeral(*c)) {
        if n >= 10 {
            sum += digit.take().unwrap_or(1) * n;
        } else {
            digit = Some(n);
        }
    }
    Some(sum + digit.unwrap_or(0))
}

const fn numeral(c: char) -> Option<u32> {
    Some(match c {
        '〇' => 0,
        '一' => 1,
        '二' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        '百' => 100,
        _ => return None,
    })
}

/// Words after a house number, the longer before the shorter they begin with. The text is folded
/// already, so hiragana stands here in katakana.
const UNITS: &[&str] = &["丁目", "番地ノ", "番地", "番", "号室", "号"];

/// A longer run of numerals is a name, not a house number.
const NUMERAL_LENGTH_MAX: usize = 6;
