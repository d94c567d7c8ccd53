//! Figures and bars of one benchmark, as JSON, as a table and as a page.

use crate::output::table;
use serde_json::{Map, Value, json};

/// The results of one benchmark.
pub(crate) struct Bars {
    name: &'static str,
    figures: Vec<(String, f64, &'static str)>,
    bars: Vec<Bar>,
}

struct Bar {
    name: String,
    value: f64,
    limit: f64,
    at_least: bool,
}

impl Bars {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, figures: Vec::new(), bars: Vec::new() }
    }

    /// A figure with its unit.
    pub(crate) fn figure(&mut self, name: &str, value: f64, unit: &'static str) {
        self.figures.push((name.to_owned(), value, unit));
    }

    /// A value that must be at least `limit`.
    pub(crate) fn at_least(&mut self, name: &str, value: f64, limit: f64) {
        self.bars.push(Bar { name: name.to_owned(), value, limit, at_least: true });
    }

    /// A value that must be at most `limit`.
    pub(crate) fn at_most(&mut self, name: &str, value: f64, limit: f64) {
        self.bars.push(Bar { name: name.to_owned(), value, limit, at_least: false });
    }

    /// Whether every bar holds.
    pub(crate) fn hold(&self) -> bool {
        self.bars.iter().all(Bar::holds)
    }

    pub(crate) fn json(&self) -> Value {
        let figures: Map<String, Value> =
            self.figures.iter().map(|(name, value, _)| (name.clone(), json!(value))).collect();
        let bars: Vec<_> = self
            .bars
            .iter()
            .map(|bar| {
                let sense = if bar.at_least { "at_least" } else { "at_most" };
                let holds = bar.holds();
                json!({ "name": bar.name, "value": bar.value, "bar": bar.limit,
                        "sense": sense, "holds": holds })
            })
            .collect();
        json!({ "bench": self.name, "figures": figures, "bars": bars })
    }

    pub(crate) fn text(&self) -> String {
        let figures: Vec<_> = self.figure_rows();
        let figures = table(&[self.name, "", ""], &figures);
        format!("{figures}\n{}", table(&["bar", "measured", "wanted", ""], &self.bar_rows()))
    }

    fn figure_rows(&self) -> Vec<Vec<String>> {
        let row = |(name, value, unit): &(String, f64, &'static str)| {
            vec![name.replace('_', " "), shown(*value), (*unit).to_owned()]
        };
        self.figures.iter().map(row).collect()
    }

    fn bar_rows(&self) -> Vec<Vec<String>> {
        let row = |bar: &Bar| {
            let sense = if bar.at_least { "≥" } else { "≤" };
            let verdict = if bar.holds() { "holds" } else { "does not hold" };
            vec![
                bar.name.replace('_', " "),
                shown(bar.value),
                format!("{sense} {}", shown(bar.limit)),
                verdict.to_owned(),
            ]
        };
        self.bars.iter().map(row).collect()
    }
}

impl Bar {
    fn holds(&self) -> bool {
        if self.at_least { self.value >= self.limit } else { self.value <= self.limit }
    }
}

/// The page `docs/performance.md`.
pub(crate) fn markdown(all: &[Bars]) -> String {
    let mut page = String::from(
        "# Performance\n\nWritten by `make bench`; each table is one run on the machine below. A bar \
         compares with a limit or a peer\nthat was measured in the same run, because times alone say \
         more about the machine than about the program.\n\n",
    );
    page.push_str(&format!("Machine: {}\n", machine()));
    for bars in all {
        page.push_str(&format!(
            "\n## {}\n\n| figure | value | unit |\n|---|---:|---|\n",
            bars.name
        ));
        bars.figure_rows().iter().for_each(|row| push_row(&mut page, row));
        page.push_str("\n| bar | measured | wanted | |\n|---|---:|---:|---|\n");
        bars.bar_rows().iter().for_each(|row| push_row(&mut page, row));
    }
    page
}

fn push_row(page: &mut String, row: &[String]) {
    page.push_str(&format!("| {} |\n", row.join(" | ")));
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |line| line.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{model}, {cores} cores, {}", std::env::consts::OS)
}

/// Three significant digits, with separators for large values.
fn shown(value: f64) -> String {
    match value.abs() {
        v if v >= 1_000.0 => crate::output::grouped(value.round() as u64),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
