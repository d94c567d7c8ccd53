//! Feed files out of any bytes: CSV in UTF-8 or Shift_JIS, or JSON Lines. The first byte picks the
//! format and how much the input hands over at once, which must not matter. Every message survives
//! both formats unchanged; no problem shows anything of what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use registry::FeedMessage;
use registry::feed::{CSV_HEADER, FeedReader, Format};
use std::io::BufReader;

fuzz_target!(|data: &[u8]| {
    let Some((pick, file)) = data.split_first() else { return };
    let format = [None, Some(Format::Csv), Some(Format::JsonLines)][usize::from(pick % 3)];
    let read: Vec<_> = FeedReader::new(file, format).collect();
    let slowly = BufReader::with_capacity(usize::from(pick / 3) + 1, file);
    assert_eq!(FeedReader::new(slowly, format).collect::<Vec<_>>(), read);

    let lines = file.split(|byte| *byte == b'\n').count() as u64;
    let mut last = 0;
    for found in &read {
        let line = match found {
            Ok((line, message)) => {
                survives(message);
                *line
            }
            Err(problem) => {
                assert_ne!(problem.label(), "internal");
                assert!(problem.detail_text().is_ascii());
                problem.place().line.expect("every problem has its line")
            }
        };
        assert!(last < line && line <= lines.max(1));
        last = line;
    }
});

fn survives(message: &FeedMessage) {
    let json = message.to_json();
    assert_eq!(FeedMessage::from_json_value(&json).as_ref(), Ok(message));
    assert_eq!(FeedMessage::from_json(json.to_string().as_bytes()).as_ref(), Ok(message));
    let csv = format!("{CSV_HEADER}\n{}", message.to_csv_line());
    let read: Vec<_> = FeedReader::new(csv.as_bytes(), None).collect();
    assert_eq!(read, [Ok((2, message.clone()))]);
}
