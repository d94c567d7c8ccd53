//! Feeds by hand: one line at a time, right ones and wrong ones.

/// The columns of a feed, in order.
pub(crate) const HEADER: &str = "municipality,sequence,event,event_date,resident_record_code,\
                                 name,name_kana,birth_date,sex,postal_code,address\n";

/// The cells of a record: name, kana, birth date, sex, postal code, address.
pub(crate) const TARO: &str =
    "山田　太郎,ヤマダ　タロウ,1990-04-01,male,1000013,東京都千代田区霞が関一丁目２番３号";

/// A line of Chiyoda's feed.
pub(crate) fn line(sequence: u64, event: &str, code: &str, record: &str) -> String {
    line_of(CHIYODA, sequence, event, code, record)
}

/// A line of a municipality's feed; an empty record leaves its cells empty.
pub(crate) fn line_of(
    municipality: &str,
    sequence: u64,
    event: &str,
    code: &str,
    record: &str,
) -> String {
    let record = if record.is_empty() { ",,,,," } else { record };
    format!("{municipality},{sequence},{event},2025-05-01,{code},{record}\n")
}

/// The same as it was 150 years earlier: whoever died then may be disposed of.
pub(crate) fn long_ago(line: &str) -> String {
    line.replace("2025-05-01", "1875-05-01").replace("1990-04-01", "1840-04-01")
}

/// A feed of these lines.
pub(crate) fn feed(lines: &[String]) -> String {
    format!("{HEADER}{}", lines.concat())
}

/// One new resident per code, with names that tell them apart.
pub(crate) fn newcomers(codes: &[String]) -> String {
    let line = |(sequence, code): (u64, &String)| {
        let record = TARO.replace("太郎", &format!("太郎{sequence}"));
        line(sequence, "move_in", code, &record)
    };
    feed(&(1..).zip(codes).map(line).collect::<Vec<_>>())
}

/// A code or number with its last digit changed, so that the check digit is wrong.
pub(crate) fn wrong_check_digit(code: &str) -> String {
    let (payload, digit) = code.split_at(code.len() - 1);
    format!("{payload}{}", (digit.parse::<u32>().unwrap() + 1) % 10)
}

/// Chiyoda City, Tokyo.
pub(crate) const CHIYODA: &str = "131016";
/// Chuo City, Tokyo.
pub(crate) const CHUO: &str = "131024";
