//! Feed files good and bad: every label, every encoding, every size, every place of a cut.

use super::*;
use crate::{
    event::{EventKind, ResidentEvent},
    record::{ResidentRecord, Sex},
};
use base::{Date, Personal, limits};
use numbers::{LocalGovernmentCode, ResidentRecordCode};
use proptest::{collection::vec, option, prelude::*, sample::select};
use std::io::{BufReader, Read};

const LINE: &str = "131016,7,move_in,2026-04-01,24727059608,\
                    山田　太郎,ヤマダ　タロウ,1990-04-01,male,1000013,東京都千代田区霞が関一丁目２番３号";
const OUT: &str = "131016,8,move_out,2026-05-01,24727059608,,,,,,";

fn read(input: &[u8]) -> Vec<Result<(u64, FeedMessage), Problem>> {
    FeedReader::new(input, None).collect()
}

/// Labels and places of what is wrong, `ok` and the line of what is right.
fn outcomes(input: &[u8]) -> Vec<String> {
    let shown = |read: Result<(u64, FeedMessage), Problem>| match read {
        Ok((line, _)) => format!("{line} ok"),
        Err(problem) => {
            let place = problem.place();
            let field = place.field.map_or(String::new(), |field| format!(" {field}"));
            format!("{}{field} {}", place.line.unwrap_or(0), problem.label())
        }
    };
    read(input).into_iter().map(shown).collect()
}

fn csv(lines: &[&str]) -> Vec<u8> {
    let mut text = format!("{CSV_HEADER}\n");
    lines.iter().for_each(|line| text.extend([line, "\n"]));
    text.into_bytes()
}

fn shift_jis(text: &str) -> Vec<u8> {
    let (bytes, _, unmappable) = encoding_rs::SHIFT_JIS.encode(text);
    assert!(!unmappable);
    bytes.into_owned()
}

fn only(input: &[u8]) -> FeedMessage {
    let mut all = read(input);
    assert_eq!(all.len(), 1);
    all.remove(0).unwrap().1
}

#[test]
fn a_message_is_read_as_it_is_written() {
    let message = only(&csv(&[LINE]));
    assert_eq!(message.municipality, "131016".parse().unwrap());
    assert_eq!((message.sequence, message.event.kind), (7, EventKind::MoveIn));
    assert_eq!(message.event.code, "24727059608".parse().ok());
    let record = message.event.record.unwrap();
    assert_eq!(record.name.reveal(), "山田　太郎");
    assert_eq!(record.sex, Sex::Male);
    assert_eq!(record.address.reveal(), "東京都千代田区霞が関一丁目２番３号");
    let closing = only(&csv(&[OUT])).event;
    assert_eq!((closing.kind, closing.record), (EventKind::MoveOut, None));
}

#[test]
fn every_writing_of_a_message_is_the_same_message() {
    let expected = only(&csv(&[LINE])).canonical_bytes();
    let plain = String::from_utf8(csv(&[LINE])).unwrap();
    let mut columns: Vec<_> = CSV_HEADER.split(',').zip(LINE.split(',')).collect();
    columns.reverse();
    let (names, cells): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
    let quoted: Vec<_> = cells.iter().map(|cell| format!("\"{cell}\"")).collect();
    let json = only(plain.as_bytes()).to_json().to_string();
    for input in [
        format!("\u{FEFF}{plain}").into_bytes(),
        plain.replace('\n', "\r\n").into_bytes(),
        shift_jis(&plain),
        format!("{}\n{}\n", names.join(","), quoted.join(",")).into_bytes(),
        format!("{json}\n").into_bytes(),
        format!("\u{FEFF}{json}\r\n").into_bytes(),
    ] {
        assert_eq!(only(&input).canonical_bytes(), expected);
    }
}

#[test]
fn characters_stay_as_they_are() {
    for name in
        ["葛\u{E0100}城", "𠮷野", "\u{FA19}田", "\u{F9D0}", "㍿", "ﾔﾏﾀﾞ", "か\u{3099}", "\u{10DE92}"]
    {
        let line = LINE.replace("山田　太郎", name);
        let message = only(&csv(&[&line]));
        assert_eq!(message.event.record.as_ref().unwrap().name.reveal(), name);
        let json = message.to_json().to_string();
        assert_eq!(FeedMessage::from_json(json.as_bytes()), Ok(message));
    }
}

/// One row per fault of a field.
#[test]
fn every_fault_of_a_field_has_its_label() {
    let long_name = "山".repeat(limits::NAME_BYTES_MAX / 3 + 1);
    let long_address = "山".repeat(limits::ADDRESS_BYTES_MAX / 3 + 1);
    for (column, cell, label) in [
        (0, "", "feed_field_missing"),
        (0, "13101", "local_government_code_length"),
        (0, "131017", "local_government_code_check_digit"),
        (0, "480002", "local_government_code_prefecture"),
        (1, "", "feed_field_missing"),
        (1, "0", "feed_sequence"),
        (1, "+7", "feed_sequence"),
        (1, "7.0", "feed_sequence"),
        (1, "9223372036854775808", "feed_sequence"),
        (1, "99999999999999999999", "feed_sequence"),
        (2, "", "feed_field_missing"),
        (2, "転入", "feed_event"),
        (3, "", "feed_field_missing"),
        (3, "2026-4-1", "feed_date"),
        (3, "2026-02-29", "feed_date"),
        (3, "2026/04/01", "feed_date"),
        (3, "+026-04-01", "feed_date"),
        (3, "2026-04-01T00:00", "feed_date"),
        (4, "2472705960", "resident_record_code_length"),
        (4, "2472705960x", "resident_record_code_not_a_digit"),
        (4, "24727059607", "resident_record_code_check_digit"),
        (5, "", "feed_field_missing"),
        (5, " 　", "feed_field_missing"),
        (5, &long_name, "feed_field_too_long"),
        (5, "山\t田", "feed_control_character"),
        (5, "山\u{85}田", "feed_control_character"),
        (5, "山\u{202E}田", "feed_control_character"),
        (5, "山\r田", "feed_control_character"),
        (6, &long_name, "feed_field_too_long"),
        (6, "ヤ\0マ", "feed_control_character"),
        (7, "", "feed_field_missing"),
        (7, "1990-13-01", "feed_date"),
        (8, "", "feed_field_missing"),
        (8, "Male", "feed_sex"),
        (9, "100-0013", "feed_postal_code"),
        (10, "", "feed_field_missing"),
        (10, &long_address, "feed_field_too_long"),
        (10, "東京\u{7F}都", "feed_control_character"),
    ] {
        let mut cells: Vec<_> = LINE.split(',').collect();
        cells[column] = cell;
        let name = CSV_HEADER.split(',').nth(column).unwrap();
        let expected = [format!("2 {name} {label}"), "3 ok".to_owned()];
        assert_eq!(outcomes(&csv(&[&cells.join(","), OUT])), expected, "{cell:?}");
        assert!(labels::find(label).is_some());
    }
}

#[test]
fn what_may_be_empty() {
    let line = "131016,9,birth,2026-04-01,,山田花子,,2026-04-01,unknown,,東京都";
    let message = only(&csv(&[line]));
    let record = message.event.record.unwrap();
    assert!(message.event.code.is_none() && record.postal_code.is_none());
    assert!(record.name_kana.is_empty());
}

#[test]
fn faults_of_a_line_leave_the_next_one_alone() {
    for (line, label) in [
        ("131016,7", "feed_columns"),
        (&format!("{OUT},"), "feed_columns"),
        (&OUT.replace("move_out", "mo\"ve"), "feed_quote"),
        (&OUT.replace("move_out", "\"move_out"), "feed_quote"),
        (&OUT.replace("move_out", "\"move\"_out"), "feed_quote"),
        (&OUT.replace(",,,,,,", ",,,,,,\""), "feed_quote"),
    ] {
        let expected = [format!("2 {label}"), "3 ok".to_owned()];
        assert_eq!(outcomes(&csv(&[line, OUT])), expected, "{line}");
    }
    assert_eq!(outcomes(&csv(&["", OUT, ""])), ["3 ok"], "empty lines hold nothing");
}

#[test]
fn quotes_within_quotes() {
    let line =
        LINE.replace("東京都", "\"\"\"東京\"\"都,\"").replace("千代田区霞が関一丁目２番３号", "");
    let address = only(&csv(&[&line])).event.record.unwrap().address;
    assert_eq!(address.reveal(), "\"東京\"都,");
}

#[test]
fn headers() {
    let header = |text: &str| outcomes(format!("{text}\n{LINE}\n").as_bytes());
    assert_eq!(header(LINE), ["1 feed_header"], "a file without a header");
    assert_eq!(header(&CSV_HEADER.replace("sex", "gender")), ["1 feed_field_unknown"]);
    assert_eq!(header(&CSV_HEADER.replace(",sex", "")), ["1 sex feed_header"]);
    assert_eq!(header(&format!("{CSV_HEADER},sex")), ["1 feed_header"]);
    assert_eq!(header(&format!("\"{CSV_HEADER}")), ["1 feed_quote"]);
    assert_eq!(outcomes(CSV_HEADER.as_bytes()), ["1 feed_line_cut"]);
    assert_eq!(outcomes(b""), ["1 feed_header"]);
    assert_eq!(outcomes(b"\xFF\xFEm\0u\0\n\0"), ["1 feed_encoding"], "UTF-16");
    assert_eq!(FeedReader::new(&b""[..], Some(Format::JsonLines)).count(), 0);
    let forced = FeedReader::new(&b"{}\n"[..], Some(Format::Csv)).next().unwrap();
    assert_eq!(forced.unwrap_err().label(), "feed_header");
}

#[test]
fn a_file_cut_in_the_middle_of_a_line() {
    let whole = csv(&[LINE, OUT]);
    let header = CSV_HEADER.len() + 1;
    for end in header + 1..whole.len() {
        let cut = outcomes(&whole[..end]);
        let at_line_end = whole[end - 1] == b'\n';
        assert_eq!(cut.last().unwrap().ends_with("feed_line_cut"), !at_line_end, "at {end}");
    }
}

#[test]
fn one_encoding_per_file() {
    let utf8 = format!("{LINE}\n").into_bytes();
    let sjis = shift_jis(&format!("{LINE}\n"));
    let neither = b"131016,7,move_in,2026-04-01,,\x81\xFF\xFE,,1990-04-01,male,,x\n";
    let ascii = format!("{OUT}\n").into_bytes();
    let file = |lines: &[&[u8]]| [&csv(&[])[..], &lines.concat()].concat();
    for (lines, expected) in [
        (&[&ascii[..], &sjis, &ascii, &sjis][..], &["2 ok", "3 ok", "4 ok", "5 ok"][..]),
        (&[&utf8, &sjis, &utf8], &["2 ok", "3 feed_mixed_encoding", "4 ok"]),
        (&[&sjis, &utf8, &sjis], &["2 ok", "3 feed_mixed_encoding", "4 ok"]),
        (&[neither, &sjis, neither], &["2 feed_encoding", "3 ok", "4 feed_encoding"]),
        (&[neither, &utf8, neither], &["2 feed_encoding", "3 ok", "4 feed_encoding"]),
    ] {
        assert_eq!(outcomes(&file(lines)), expected);
    }
    let marked = [&b"\xEF\xBB\xBF"[..], &file(&[&sjis])].concat();
    assert_eq!(outcomes(&marked), ["2 feed_mixed_encoding"]);
    let json = [&b"{}\n"[..], &shift_jis("{\"name\":\"山田\"}\n")].concat();
    assert_eq!(outcomes(&json)[1], "2 feed_mixed_encoding");
}

#[test]
fn windows_31j_and_not_plain_shift_jis() {
    let line = csv(&[&LINE.replace("山田　太郎", "NAME")]);
    for (bytes, text) in [(&b"\x81\x60"[..], "\u{FF5E}"), (b"\xFB\xFC", "髙"), (b"\xED\x95", "﨑")]
    {
        let at = line.windows(4).position(|window| window == b"NAME").unwrap();
        // The rest of the line is in Shift_JIS too.
        let rest = shift_jis(std::str::from_utf8(&line[at + 4..]).unwrap());
        let input = [&line[..at], bytes, &rest].concat();
        assert_eq!(only(&input).event.record.unwrap().name.reveal(), text);
    }
}

#[test]
fn json_faults() {
    let good = only(&csv(&[LINE])).to_json().to_string();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from));
        let text = good.replace(from, to);
        let problem = FeedMessage::from_json(text.as_bytes()).unwrap_err();
        (problem.label(), problem.place().field)
    };
    assert_eq!(with("\"sex\"", "\"gender\""), ("feed_field_unknown", None));
    assert_eq!(with("\"sex\":", "\"sex\":null,\"sex\":"), ("feed_json", Some("sex")));
    assert_eq!(with("\"male\"", "{\"a\":[1]}"), ("feed_json", Some("sex")));
    assert_eq!(with("\"male\"", "null"), ("feed_field_missing", Some("sex")));
    assert_eq!(with(":7,", ":\"7\","), ("feed_sequence", Some("sequence")));
    assert_eq!(with(":7,", ":7.5,"), ("feed_sequence", Some("sequence")));
    assert_eq!(with(":7,", ":-7,"), ("feed_sequence", Some("sequence")));
    assert_eq!(with("}", ""), ("feed_json", None));
    assert_eq!(with("山田", "\\ud800"), ("feed_json", None));
    assert_eq!(with("山田", "山\\u0000田"), ("feed_control_character", Some("name")));
    for text in ["", "[]", "7", "\"山田\"", "{}{}", "null"] {
        let problem = FeedMessage::from_json(text.as_bytes()).unwrap_err();
        assert_eq!(problem.label(), "feed_json", "{text}");
        assert!(!problem.to_string().contains("山田"));
    }
    let value: serde_json::Value = serde_json::from_str(&good).unwrap();
    assert_eq!(FeedMessage::from_json_value(&value), FeedMessage::from_json(good.as_bytes()));
    let deep = format!("{{\"sex\":{}1{}}}", "[".repeat(9_000), "]".repeat(9_000));
    assert_eq!(FeedMessage::from_json(deep.as_bytes()).unwrap_err().label(), "feed_json");
}

#[test]
fn problems_never_show_a_value() {
    let mut input = csv(&[]);
    for fault in ["山\u{1}田", "山\"田"] {
        input.extend(format!("{}\n", LINE.replace("山田", fault)).bytes());
    }
    input.extend(format!("{}\n", LINE.replace("24727059608", "24727059607")).bytes());
    input.extend(format!("{}\n", LINE.replace("1990-04-01", "1990-04-31")).bytes());
    input.extend(format!("{LINE},\n").bytes());
    for input in [&input[..], LINE.as_bytes(), format!("{LINE}\n").as_bytes()] {
        let mut reader = FeedReader::new(input, None);
        for read in &mut reader {
            let shown = format!("{0} {0:?}", read.unwrap_err());
            for hidden in ["山", "ヤマダ", "1990", "2472705960", "1000013", "霞が関"] {
                assert!(!shown.contains(hidden), "{shown}");
            }
        }
        assert!(!format!("{reader:?}").contains("山"));
    }
}

/// Gives `before`, then `fill` bytes of one letter, then `after`, and never holds them.
fn huge(before: Vec<u8>, fill: u64, after: Vec<u8>) -> impl BufRead {
    let middle = Letters { chunk: vec![b'x'; 1 << 16], left: fill };
    io::Cursor::new(before).chain(middle.chain(io::Cursor::new(after)))
}

struct Letters {
    chunk: Vec<u8>,
    left: u64,
}

impl Read for Letters {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Letters {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(&self.chunk[..self.chunk.len().min(self.left as usize)])
    }

    fn consume(&mut self, amount: usize) {
        self.left -= amount as u64;
    }
}

#[test]
fn a_line_of_two_gigabytes_is_passed_by() {
    let after = format!("\n{OUT}\n").into_bytes();
    let mut reader = FeedReader::new(huge(csv(&[LINE]), 2 << 30, after), None);
    assert_eq!(reader.next().unwrap().unwrap().0, 2);
    let problem = reader.next().unwrap().unwrap_err();
    assert_eq!((problem.label(), problem.place().line), ("feed_line_too_long", Some(3)));
    assert_eq!(reader.next().unwrap().unwrap().0, 4);
    assert!(reader.next().is_none());
}

#[test]
fn the_longest_line_is_exactly_as_long_as_the_limit() {
    for line_end in ["\n", "\r\n"] {
        for (length, label) in [
            (limits::FEED_LINE_BYTES_MAX, "2 feed_columns"),
            (limits::FEED_LINE_BYTES_MAX + 1, "2 feed_line_too_long"),
            (limits::FEED_LINE_BYTES_MAX + 2, "2 feed_line_too_long"),
            (limits::FEED_LINE_BYTES_MAX + 3, "2 feed_line_too_long"),
        ] {
            let input = format!("{CSV_HEADER}\n{}{line_end}{OUT}{line_end}", "x".repeat(length));
            assert_eq!(outcomes(input.as_bytes()), [label, "3 ok"], "{length} {line_end:?}");
        }
    }
    let endless = huge(csv(&[]), 1 << 20, Vec::new());
    let mut reader = FeedReader::new(endless, None);
    assert_eq!(reader.next().unwrap().unwrap_err().label(), "feed_line_too_long");
    assert!(reader.next().is_none());
    let mut first = FeedReader::new(huge(b"{".to_vec(), 1 << 20, b"\n{}\n".to_vec()), None);
    assert_eq!(first.next().unwrap().unwrap_err().label(), "feed_line_too_long");
    assert_eq!(first.next().unwrap().unwrap_err().place().line, Some(2));
}

/// Fails after what it was given.
struct Failing<'a>(&'a [u8]);

impl Read for Failing<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out)? {
            0 => Err(io::Error::other("/secret/path")),
            read => Ok(read),
        }
    }
}

#[test]
fn a_fault_of_the_input_ends_the_reading() {
    let input = csv(&[LINE, OUT]);
    let mut reader = FeedReader::new(BufReader::new(Failing(&input)), None);
    assert_eq!(reader.by_ref().take(2).filter(Result::is_ok).count(), 2);
    let problem = reader.next().unwrap().unwrap_err();
    assert_eq!((problem.label(), problem.place().line), ("io", Some(4)));
    assert!(!problem.to_string().contains("secret"));
    assert!(reader.next().is_none());
}

fn messages() -> impl Strategy<Value = FeedMessage> {
    let town = select(vec!["131016", "271004", "010006"]).prop_map(|code| code.parse().unwrap());
    let code = option::of(0u64..10_000_000_000)
        .prop_map(|code| code.map(|code| ResidentRecordCode::from_payload(code).unwrap()));
    let event = (select(EventKind::ALL.to_vec()), days(), code, option::of(records()))
        .prop_map(|(kind, on, code, record)| ResidentEvent { kind, on, code, record });
    (town, 1..=i64::MAX as u64, event).prop_map(
        |(municipality, sequence, event): (LocalGovernmentCode, _, _)| FeedMessage {
            municipality,
            sequence,
            event,
        },
    )
}

fn days() -> impl Strategy<Value = Date> {
    (0i16..=9999, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap())
}

fn records() -> impl Strategy<Value = ResidentRecord> {
    // Characters that Shift_JIS holds, with those that CSV gives a meaning.
    let words = || "[a-zA-Z,\"ぁ-んァ-ヶ一二三山田 　]{0,12}[a-zア山]".prop_map(Personal::new);
    let postal_code = option::of("[0-9]{7}".prop_map(|code| code.parse().unwrap()));
    (words(), option::of(words()), days(), select(Sex::ALL.to_vec()), postal_code, words())
        .prop_map(|(name, kana, birth_date, sex, postal_code, address)| ResidentRecord {
            name,
            name_kana: kana.unwrap_or_default(),
            birth_date,
            sex,
            postal_code,
            address,
        })
}

proptest! {
    #[test]
    fn what_is_written_reads_back(all in vec(messages(), 1..8), capacity in 1usize..64) {
        let csv: String = all.iter().map(FeedMessage::to_csv_line).collect();
        let csv = format!("{CSV_HEADER}\n{csv}");
        let json: String = all.iter().map(|message| format!("{}\n", message.to_json())).collect();
        // Any size of buffer, so that a chunk ends at any place of a line, character or mark.
        let marked = format!("\u{FEFF}{csv}");
        for input in [marked.into_bytes(), shift_jis(&csv), csv.into(), json.into()] {
            let reader = FeedReader::new(BufReader::with_capacity(capacity, &input[..]), None);
            let read: Result<Vec<_>, _> = reader.collect();
            let read: Vec<_> = read.unwrap().into_iter().map(|(_, message)| message).collect();
            prop_assert_eq!(&read, &all);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm_and_the_same_in_any_chunks(
        input in vec(prop_oneof![any::<u8>(), select(b"\n\r,\"{}:x".to_vec())], 0..400),
        with_header in any::<bool>(),
        capacity in 1usize..32,
    ) {
        let input = if with_header { [csv(&[]), input].concat() } else { input };
        let chunks = FeedReader::new(BufReader::with_capacity(capacity, &input[..]), None);
        prop_assert_eq!(chunks.collect::<Vec<_>>(), read(&input));
        let lines = input.split(|byte| *byte == b'\n').count();
        prop_assert!(read(&input).len() <= lines);
    }

    #[test]
    fn a_damaged_file_gives_no_more_messages_than_lines_and_never_another_number(
        at in 0usize..300,
        byte in any::<u8>(),
    ) {
        let mut input = csv(&[LINE, OUT]);
        let at = at % input.len();
        input[at] = byte;
        let good = read(&input).into_iter().flatten();
        let codes: Vec<_> = good.filter_map(|(_, message)| message.event.code).collect();
        // The check digit catches a single changed digit, unless the code is gone altogether.
        prop_assert!(codes.iter().all(|code| code.reveal().as_str() == "24727059608"));
    }

    #[test]
    fn any_json_is_a_message_or_a_problem(text in "\\PC{0,60}") {
        if let Ok(message) = FeedMessage::from_json(text.as_bytes()) {
            prop_assert_eq!(FeedMessage::from_json_value(&message.to_json()), Ok(message));
        }
    }
}
