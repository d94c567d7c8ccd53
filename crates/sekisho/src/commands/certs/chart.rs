//! A chart of weeks as SVG: what ends in each, and what to renew in each. Plain shapes and text, no
//! script, no file beside it; on screen its colours follow the reader's light or dark ground, on
//! paper they differ in grey too, and a text says what the picture shows.
//!
//! Weeks that find room have two bars each; many weeks are two steps of one line each, with the
//! years below.

use crate::output::grouped;
use base::Date;
use std::fmt::Write as _;

/// What is drawn.
pub(super) struct Bars {
    pub(super) title: String,
    pub(super) subtitle: String,
    /// The Monday of each week.
    pub(super) weeks: Vec<Date>,
    /// Certificates that end in it.
    pub(super) expiring: Vec<u64>,
    /// Certificates to renew in it.
    pub(super) invited: Vec<u64>,
}

/// The chart as an SVG document.
pub(super) fn chart(bars: &Bars) -> String {
    let most = bars.expiring.iter().chain(&bars.invited).copied().max().unwrap_or(0);
    let step = step(most);
    let top = most.div_ceil(step).max(1) * step;
    let mut out = head(bars);
    scale(&mut out, step, top);
    if slot(bars.weeks.len()) >= SLOT_OF_BARS {
        columns(&mut out, bars, top);
        mondays(&mut out, &bars.weeks);
    } else {
        steps(&mut out, "ends", &bars.expiring, top);
        steps(&mut out, "invited", &bars.invited, top);
        years(&mut out, &bars.weeks);
    }
    line(&mut out, "axis", BOTTOM);
    under(&mut out, bars.weeks.len());
    legend(&mut out);
    if most == 0 {
        nothing(&mut out);
    }
    out.push_str("</svg>\n");
    out
}

fn head(bars: &Bars) -> String {
    let (title, subtitle) = (escaped(&bars.title), escaped(&bars.subtitle));
    let (said, [all, peaks]) = (escaped(&said(bars)), facts(bars));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"title said\" \
         font-family=\"'Noto Sans JP','Noto Sans CJK JP',IPAGothic,sans-serif\" \
         font-size=\"13\">\n\
         <title id=\"title\">{title}</title>\n\
         <desc id=\"said\">{said}</desc>\n\
         <style>\n{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text class=\"ink\" x=\"{LEFT}\" y=\"28\" font-size=\"18\" font-weight=\"600\">{title}</text>\n\
         <text class=\"faint\" x=\"{LEFT}\" y=\"50\">{subtitle}</text>\n\
         <text class=\"faint\" x=\"{LEFT}\" y=\"70\">{all}</text>\n\
         <text class=\"faint\" x=\"{LEFT}\" y=\"90\">{peaks}</text>\n"
    )
}

/// The busiest week of a kind: its count and its Monday.
fn busiest(counts: &[u64], weeks: &[Date]) -> Option<(String, Date)> {
    let most = counts.iter().copied().enumerate().max_by_key(|(at, n)| (*n, usize::MAX - at));
    most.and_then(|(at, count)| Some((grouped(count), *weeks.get(at)?)))
}

/// Two lines of figures, in both languages.
fn facts(bars: &Bars) -> [String; 2] {
    let busiest = |counts| busiest(counts, &bars.weeks);
    let (Some((ends, on)), Some((invited, from))) =
        (busiest(&bars.expiring), busiest(&bars.invited))
    else {
        return [String::new(), String::new()];
    };
    let total = grouped(bars.expiring.iter().sum());
    [
        format!(
            "満了 計 {total} 件、最多 {ends} 件（{on} の週）。更新を平準化すると最多 {invited} 件（{from} \
             の週）。"
        ),
        format!(
            "{total} end in all, at most {ends} a week ({on}). Renewals levelled: at most {invited} a \
             week ({from})."
        ),
    ]
}

/// The chart in words.
fn said(bars: &Bars) -> String {
    let total = |counts: &[u64]| grouped(counts.iter().sum());
    let busiest = |counts| busiest(counts, &bars.weeks);
    match (busiest(&bars.expiring), busiest(&bars.invited)) {
        (Some((ends, ends_on)), Some((invited, invited_on))) => {
            let (all_end, all_invited) = (total(&bars.expiring), total(&bars.invited));
            format!(
                "満了 {all_end} 件、最多は {ends_on} の週の {ends} 件。更新の案内 {all_invited} 件、最多は \
                 {invited_on} の週の {invited} 件。 / {all_end} certificates end, most in the week \
                 from {ends_on}: {ends}. {all_invited} are to be renewed, most in the week from \
                 {invited_on}: {invited}."
            )
        }
        _ => NOTHING.to_owned(),
    }
}

/// Lines across, with their counts at the left.
fn scale(out: &mut String, step: u64, top: u64) {
    let mut count = 0;
    while count <= top {
        let y = y_of(count, top);
        line(out, "grid", y);
        // Writing into a String cannot fail.
        let _ = writeln!(
            out,
            "<text class=\"faint\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            y + 4.5,
            grouped(count),
        );
        count += step;
    }
    let middle = f64::midpoint(TOP, BOTTOM);
    let _ = writeln!(
        out,
        "<text class=\"faint\" transform=\"translate(18 {middle:.1}) rotate(-90)\" \
         text-anchor=\"middle\">件（週ごと） · certificates per week</text>"
    );
}

fn line(out: &mut String, class: &str, y: f64) {
    let _ = writeln!(
        out,
        "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
    );
}

fn columns(out: &mut String, bars: &Bars, top: u64) {
    let slot = slot(bars.weeks.len());
    let thick = (slot * 0.4).min(18.0);
    for (at, (expiring, invited)) in bars.expiring.iter().zip(&bars.invited).enumerate() {
        let middle = LEFT + slot * (at as f64 + 0.5);
        for (class, count, x) in
            [("ends", *expiring, middle - thick), ("invited", *invited, middle)]
        {
            if count > 0 {
                let y = y_of(count, top);
                let high = BOTTOM - y;
                let _ = writeln!(
                    out,
                    "<rect class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\" width=\"{thick:.2}\" \
                     height=\"{high:.2}\"/>"
                );
            }
        }
    }
}

/// One line that goes up and down with the weeks, filled down to the bottom.
fn steps(out: &mut String, class: &str, counts: &[u64], top: u64) {
    let slot = slot(counts.len());
    let _ = write!(out, "<path class=\"{class}\" d=\"M{LEFT:.1} {BOTTOM}");
    let mut end = 0;
    for level in counts.chunk_by(|one, next| one == next) {
        end += level.len();
        let (y, x) = (y_of(level[0], top), LEFT + slot * end as f64);
        let _ = write!(out, "V{y:.2}H{x:.2}");
    }
    let _ = writeln!(out, "V{BOTTOM}Z\"/>");
}

/// So many Mondays along the bottom as find room.
fn mondays(out: &mut String, weeks: &[Date]) {
    let slot = slot(weeks.len());
    let every = (LABEL_WIDTH / slot).ceil().max(1.0) as usize;
    for (at, monday) in weeks.iter().enumerate().step_by(every) {
        mark(out, LEFT + slot * (at as f64 + 0.5), &monday.to_string());
    }
}

/// The week in which each year begins.
fn years(out: &mut String, weeks: &[Date]) {
    let slot = slot(weeks.len());
    let mut year = weeks.first().map_or(0, |first| first.year());
    for (at, monday) in weeks.iter().enumerate().filter(|(at, _)| *at > 0) {
        if monday.year() != year {
            year = monday.year();
            mark(out, LEFT + slot * at as f64, &format!("{year}年"));
        }
    }
}

fn mark(out: &mut String, x: f64, text: &str) {
    let _ = writeln!(
        out,
        "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{}\"/>\n\
         <text class=\"faint\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
        BOTTOM + 5.0,
        BOTTOM + 22.0,
    );
}

/// What the marks at the bottom are.
fn under(out: &mut String, weeks: usize) {
    let what = if slot(weeks) >= SLOT_OF_BARS {
        "週の始まり（月曜日） · week from (Monday)"
    } else {
        "年の最初の週 · first week of the year"
    };
    let middle = f64::midpoint(LEFT, RIGHT);
    for (text, below) in [(what, 44.0), (NOTE, 66.0)] {
        let _ = writeln!(
            out,
            "<text class=\"faint\" x=\"{middle:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
            BOTTOM + below,
        );
    }
}

fn nothing(out: &mut String) {
    let (x, y) = (f64::midpoint(LEFT, RIGHT), f64::midpoint(TOP, BOTTOM));
    let _ = writeln!(
        out,
        "<text class=\"ink\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{NOTHING}</text>"
    );
}

fn legend(out: &mut String) {
    let entries = [
        ("ends", LEFT, "満了する電子証明書 / certificates that end"),
        ("invited", LEFT + 340.0, "更新を案内する電子証明書 / certificates to renew"),
    ];
    let y = TOP - 26.0;
    for (class, x, text) in entries {
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"12\" height=\"12\"/>\n\
             <text class=\"ink\" x=\"{}\" y=\"{}\">{text}</text>",
            x + 18.0,
            y + 11.0,
        );
    }
}

fn slot(weeks: usize) -> f64 {
    (RIGHT - LEFT) / weeks.max(1) as f64
}

fn y_of(count: u64, top: u64) -> f64 {
    BOTTOM - (BOTTOM - TOP) * (count as f64 / top as f64)
}

/// The distance of the lines: 1, 2 or 5 times a power of ten, for at most six of them.
fn step(most: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for times in [1, 2, 5] {
            let step = power.saturating_mul(times);
            if most.div_ceil(step) <= 6 || step == u64::MAX {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 496.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 936.0;
const TOP: f64 = 136.0;
const BOTTOM: f64 = 412.0;
const LABEL_WIDTH: f64 = 96.0;
/// What a week needs across for two bars.
const SLOT_OF_BARS: f64 = 8.0;
const NOTE: &str = "更新後の電子証明書の満了は含みません · what is renewed is not counted again";
const NOTHING: &str =
    "期間内に満了する電子証明書はありません / No certificate ends in these weeks.";
/// Blue and orange are told apart by those too who see no red or green, and the dark from the light
/// one by a printer without colours.
const STYLE: &str = "\
.ground { fill: #ffffff } .ink { fill: #1a1a1a } .faint { fill: #4d4d4d }
.grid { stroke: #e0e0e0 } .axis { stroke: #595959 }
.ends { fill: #a63f00 } .invited { fill: #a9cdea; stroke: #2166ac; stroke-width: 0.8 }
path.invited { fill-opacity: 0.25; stroke-width: 1.2 }
@media screen and (prefers-color-scheme: dark) {
.ground { fill: #16181d } .ink { fill: #f0f0f0 } .faint { fill: #b5b8c0 }
.grid { stroke: #33363f } .axis { stroke: #b5b8c0 }
.ends { fill: #ff9d4d } .invited { fill: #2f5f8f; stroke: #8cc4f5 }
}
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_at_round_counts() {
        for (most, expected) in [
            (0, 1),
            (1, 1),
            (6, 1),
            (7, 2),
            (12, 2),
            (13, 5),
            (61, 20),
            (1_200, 200),
            (3_001, 1_000),
        ] {
            assert_eq!(step(most), expected, "{most}");
        }
        assert!(step(u64::MAX) > u64::MAX / 7);
    }

    #[test]
    fn a_chart_is_well_formed_and_says_what_it_shows() {
        let bars = Bars {
            title: "a < b & c".to_owned(),
            subtitle: String::new(),
            weeks: vec!["2026-11-16".parse().unwrap(), "2026-11-23".parse().unwrap()],
            expiring: vec![0, 1_200],
            invited: vec![800, 400],
        };
        let text = chart(&bars);
        assert!(text.contains("a &lt; b &amp; c"));
        assert!(text.contains(
            "1,200 certificates end, most in the week from 2026-11-23: 1,200. 1,200 are to be \
             renewed, most in the week from 2026-11-16: 800."
        ));
        assert_eq!(text.matches("<rect class=\"ends\"").count(), 2, "a bar and the legend");
        assert_eq!(text.matches("<rect class=\"invited\"").count(), 3, "two bars and the legend");
        let empty = Bars { weeks: vec![], expiring: vec![], invited: vec![], ..bars };
        assert!(chart(&empty).contains("No certificate ends"));
    }

    /// 520 weeks find no room for bars and dates: two lines, and the years.
    #[test]
    fn many_weeks_are_lines_over_years() {
        let first: Date = "2026-11-16".parse().unwrap();
        let monday = |week: i64| first.saturating_add(jiff::Span::new().weeks(week));
        let bars = Bars {
            title: String::new(),
            subtitle: String::new(),
            weeks: (0..520).map(monday).collect(),
            expiring: (0..520).map(|week| u64::from(week % 52 == 0) * 1_000).collect(),
            invited: vec![20; 520],
        };
        let text = chart(&bars);
        assert_eq!(text.matches("<path class=").count(), 2);
        assert_eq!(text.matches("年</text>").count(), 10, "2027 to 2036");
        assert!(text.len() < 32_768, "{}", text.len());
        let x = |year: &str| {
            let before = text.split(&format!("\" text-anchor=\"middle\">{year}年")).next().unwrap();
            let place = before.rsplit("x=\"").next().unwrap();
            place.split('"').next().unwrap().parse::<f64>().unwrap()
        };
        assert!(x("2027") > LEFT && x("2036") < RIGHT && x("2027") < x("2028"));
    }
}
