//! The requests of a production run, line by line: CSV or JSON Lines, as the first byte says.

use app::certificate_batch::BatchLine;
use app::number_ask::Whose;
use authority::CertificateKind;
use authority::certificate::Card;
use base::{Problem, labels};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use std::io::{BufRead, Read};
use x509::REQUEST_BYTES_MAX;

/// Reads requests, each with the number of its line.
pub(super) struct Lines<R> {
    input: R,
    line: u64,
    is_json: bool,
    is_over: bool,
}

/// A line in JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    kind: String,
    request: String,
    card_end: String,
    #[serde(default)]
    without_pins: bool,
    #[serde(default)]
    ward: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, line: 0, is_json: false, is_over: false }
    }

    fn read(&mut self) -> Result<Option<String>, Problem> {
        let mut bytes = Vec::new();
        let most = LINE_BYTES_MAX + 1;
        self.input.by_ref().take(most).read_until(b'\n', &mut bytes).map_err(Problem::from_io)?;
        self.line += 1;
        if bytes.len() as u64 == most && !bytes.ends_with(b"\n") {
            self.skip_rest()?;
            return Err(Problem::new(&labels::FEED_LINE_TOO_LONG, "").at_line(self.line));
        }
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| malformed("").at_line(self.line))?;
        Ok((!text.is_empty()).then_some(text))
    }

    fn skip_rest(&mut self) -> Result<(), Problem> {
        loop {
            let seen = self.input.fill_buf().map_err(Problem::from_io)?;
            let end = seen.iter().position(|byte| *byte == b'\n');
            let (length, is_empty) = (end.map_or(seen.len(), |at| at + 1), seen.is_empty());
            self.input.consume(length);
            if end.is_some() || is_empty {
                return Ok(());
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = (u64, Result<BatchLine, Problem>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.is_over {
                return None;
            }
            let text = match self.read() {
                Ok(Some(text)) => text,
                Ok(None) => return None,
                Err(problem) => {
                    self.is_over = problem.label() != labels::FEED_LINE_TOO_LONG.text
                        && problem.label() != labels::REQUEST_MALFORMED.text;
                    return Some((self.line, Err(problem)));
                }
            };
            let text = text.trim_end();
            if self.line == 1 {
                self.is_json = text.starts_with('{');
                if !self.is_json {
                    // Without the header nobody knows what the columns are.
                    if text.trim_start_matches('\u{feff}') == CSV_HEADER {
                        continue;
                    }
                    self.is_over = true;
                    return Some((
                        1,
                        Err(malformed("the header is not that of requests").at_line(1)),
                    ));
                }
            }
            if text.is_empty() {
                continue;
            }
            let read = if self.is_json { of_json(text) } else { of_csv(text) };
            let read = read
                .and_then(|entry| line_of(&entry))
                .map_err(|problem| problem.at_line(self.line));
            return Some((self.line, read));
        }
    }
}

fn of_json(text: &str) -> Result<Entry, Problem> {
    serde_json::from_str(text).map_err(|_| malformed("not the fields of a request"))
}

fn of_csv(text: &str) -> Result<Entry, Problem> {
    let [code, kind, request, card_end] = text.split(',').collect::<Vec<_>>()[..] else {
        return Err(malformed("not four columns"));
    };
    Ok(Entry {
        code: code.to_owned(),
        kind: kind.to_owned(),
        request: request.to_owned(),
        card_end: card_end.to_owned(),
        without_pins: false,
        ward: false,
    })
}

fn line_of(entry: &Entry) -> Result<BatchLine, Problem> {
    let code = entry.code.parse().map_err(|refusal: numbers::NumberRefusal| {
        Problem::from_refusal(refusal.label()).in_field("code")
    })?;
    let kind = CertificateKind::from_word(&entry.kind);
    let end = entry.card_end.parse();
    Ok(BatchLine {
        kind: kind.ok_or_else(|| malformed("").in_field("kind"))?,
        whose: Whose::Code(code),
        request: STANDARD.decode(&entry.request).map_err(|_| malformed("").in_field("request"))?,
        card: Card {
            end: end.map_err(|_| malformed("").in_field("card_end"))?,
            has_pins: !entry.without_pins,
        },
        is_ward: entry.ward,
    })
}

fn malformed(detail: &str) -> Problem {
    Problem::new(&labels::REQUEST_MALFORMED, detail)
}

const CSV_HEADER: &str = "code,kind,request,card_end";
/// A request in base64, and room for the rest.
const LINE_BYTES_MAX: u64 = (REQUEST_BYTES_MAX as u64) * 4 / 3 + 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    /// Label and field of a refusal.
    type Refused = (&'static str, Option<&'static str>);

    fn read(text: &[u8]) -> Vec<(u64, Result<CertificateKind, Refused>)> {
        let told = |(line, read): (u64, Result<BatchLine, Problem>)| {
            let read = read.map(|line| line.kind);
            (line, read.map_err(|problem| (problem.label(), problem.place().field)))
        };
        Lines::new(text).map(told).collect()
    }

    #[test]
    fn both_formats_read() {
        let csv = format!("{CSV_HEADER}\r\n{CODE},signature,AAAA,2035-04-01\r\n\n");
        assert_eq!(read(csv.as_bytes()), [(2, Ok(CertificateKind::Signature))]);
        let json = format!(
            "{{\"code\":\"{CODE}\",\"kind\":\"authentication\",\"request\":\"AAAA\",\
             \"card_end\":\"2035-04-01\",\"ward\":true}}"
        );
        assert_eq!(read(json.as_bytes()), [(1, Ok(CertificateKind::Authentication))]);
        assert_eq!(read(b""), []);
    }

    #[test]
    fn what_is_wrong_is_told_with_line_and_field() {
        let long = "A".repeat(LINE_BYTES_MAX as usize + 1);
        let text = format!(
            "{CSV_HEADER}\n{CODE},signature\n1,signature,AAAA,2035-04-01\n{CODE},other,AAAA,\
             2035-04-01\n{CODE},signature,?,2035-04-01\n{CODE},signature,AAAA,soon\n{long}\n\
             {CODE},signature,AAAA,2035-04-01"
        );
        let malformed = |field| Err(("request_malformed", field));
        let found = read(text.as_bytes());
        let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(found[0].1, malformed(None));
        assert_eq!(found[1].1.unwrap_err().1, Some("code"));
        assert_eq!(found[2].1, malformed(Some("kind")));
        assert_eq!(found[3].1, malformed(Some("request")));
        assert_eq!(found[4].1, malformed(Some("card_end")));
        assert_eq!(found[5].1, Err(("feed_line_too_long", None)));
        assert_eq!(found[6].1, Ok(CertificateKind::Signature));
        assert_eq!(read(b"code,kind\nx,y\n"), [(1, malformed(None))]);
        assert_eq!(read(b"{\"kode\":1}\n"), [(1, malformed(None))]);
    }

    /// A code with a right check digit.
    const CODE: &str = "00000000000";
}
