//! A chart of weeks as SVG: one bar a week for what ends, one for whom to invite. Plain shapes and
//! text, no script, no file beside it; its colours follow the reader's light or dark ground, and a
//! text says what the picture shows.

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
    /// Holders to invite in it.
    pub(super) invited: Vec<u64>,
}

/// The chart as an SVG document.
pub(super) fn chart(bars: &Bars) -> String {
    let most = bars.expiring.iter().chain(&bars.invited).copied().max().unwrap_or(0);
    let step = step(most);
    let top = most.div_ceil(step).max(1) * step;
    let mut out = head(bars);
    scale(&mut out, step, top);
    columns(&mut out, bars, top);
    weeks(&mut out, &bars.weeks);
    legend(&mut out);
    out.push_str("</svg>\n");
    out
}

fn head(bars: &Bars) -> String {
    let (title, subtitle) = (escaped(&bars.title), escaped(&bars.subtitle));
    let said = escaped(&said(bars));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"title said\" font-family=\"'Noto Sans JP','Noto Sans CJK JP',sans-serif\" \
         font-size=\"13\">\n\
         <title id=\"title\">{title}</title>\n\
         <desc id=\"said\">{said}</desc>\n\
         <style>\n{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
         <text class=\"ink\" x=\"{LEFT}\" y=\"28\" font-size=\"18\" font-weight=\"600\">{title}</text>\n\
         <text class=\"faint\" x=\"{LEFT}\" y=\"50\">{subtitle}</text>\n"
    )
}

/// The chart in words.
fn said(bars: &Bars) -> String {
    let most = |counts: &[u64]| {
        let most = counts.iter().copied().enumerate().max_by_key(|(at, n)| (*n, usize::MAX - at));
        most.and_then(|(at, count)| Some((grouped(count), bars.weeks.get(at)?)))
    };
    let total = |counts: &[u64]| grouped(counts.iter().sum());
    match (most(&bars.expiring), most(&bars.invited)) {
        (Some((ends, ends_on)), Some((invited, invited_on))) => {
            let (all_end, all_invited) = (total(&bars.expiring), total(&bars.invited));
            format!(
                "満了 {all_end} 件、最多は {ends_on} の週の {ends} 件。案内 {all_invited} 人、最多は \
                 {invited_on} の週の {invited} 人。 / {all_end} certificates end, most in the week \
                 from {ends_on}: {ends}. {all_invited} holders are to be invited, most in the week \
                 from {invited_on}: {invited}."
            )
        }
        _ => "期間内に満了する電子証明書はありません / No certificate ends in these weeks."
            .to_owned(),
    }
}

/// Lines across, with their counts at the left.
fn scale(out: &mut String, step: u64, top: u64) {
    let mut count = 0;
    while count <= top {
        let y = y_of(count, top);
        let class = if count == 0 { "axis" } else { "grid" };
        // Writing into a String cannot fail.
        let _ = writeln!(
            out,
            "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\n\
             <text class=\"faint\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
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
         text-anchor=\"middle\">件 / 人（週ごと） · count per week</text>"
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

/// So many Mondays along the bottom as find room.
fn weeks(out: &mut String, weeks: &[Date]) {
    let slot = slot(weeks.len());
    let every = (LABEL_WIDTH / slot).ceil().max(1.0) as usize;
    for (at, monday) in weeks.iter().enumerate().step_by(every) {
        let x = LEFT + slot * (at as f64 + 0.5);
        let _ = writeln!(
            out,
            "<line class=\"axis\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{BOTTOM}\" y2=\"{}\"/>\n\
             <text class=\"faint\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{monday}</text>",
            BOTTOM + 5.0,
            BOTTOM + 22.0,
        );
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    let _ = writeln!(
        out,
        "<text class=\"faint\" x=\"{middle:.1}\" y=\"{}\" text-anchor=\"middle\">週の始まり（月曜日） · \
         week from (Monday)</text>",
        BOTTOM + 44.0,
    );
}

fn legend(out: &mut String) {
    let entries = [
        ("ends", LEFT, "満了する電子証明書 / certificates that end"),
        ("invited", LEFT + 330.0, "更新を案内する人 / holders to invite"),
    ];
    for (class, x, text) in entries {
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"64\" width=\"12\" height=\"12\"/>\n\
             <text class=\"ink\" x=\"{}\" y=\"75\">{text}</text>",
            x + 18.0,
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
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 936.0;
const TOP: f64 = 100.0;
const BOTTOM: f64 = 372.0;
const LABEL_WIDTH: f64 = 96.0;
/// Blue and orange are told apart by those too who see no red or green.
const STYLE: &str = "\
.ground { fill: #ffffff } .ink { fill: #1a1a1a } .faint { fill: #595959 }
.grid { stroke: #e0e0e0 } .axis { stroke: #595959 }
.ends { fill: #c25700 } .invited { fill: #2166ac }
@media (prefers-color-scheme: dark) {
.ground { fill: #16181d } .ink { fill: #f0f0f0 } .faint { fill: #b5b8c0 }
.grid { stroke: #33363f } .axis { stroke: #b5b8c0 }
.ends { fill: #ff9d4d } .invited { fill: #6db3f2 }
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
            "1,200 certificates end, most in the week from 2026-11-23: 1,200. 1,200 holders are to \
             be invited, most in the week from 2026-11-16: 800."
        ));
        assert_eq!(text.matches("<rect class=\"ends\"").count(), 2, "a bar and the legend");
        assert_eq!(text.matches("<rect class=\"invited\"").count(), 3, "two bars and the legend");
        let empty = Bars { weeks: vec![], expiring: vec![], invited: vec![], ..bars };
        assert!(chart(&empty).contains("No certificate ends"));
    }
}
