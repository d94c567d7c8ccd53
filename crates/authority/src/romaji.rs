//! Names of local governments in Latin letters: Hepburn without marks for long vowels.
//!
//! Owns the rule from reading to letters and the table of names that the rule would get wrong.
//! The readings are those of `places`. Every result stands in `golden/romaji.csv`.

use crate::content::Locality;
use numbers::LocalGovernmentCode;
use places::{Kind, LocalGovernment};
use std::collections::HashMap;
use std::sync::OnceLock;

/// Prefecture and municipality of a unit that keeps a resident register (or of a designated city),
/// as they stand in the L= of a subject and in the name of a distribution point: `Tokyo-to` and
/// `Kiyose-shi`, `Hokkaido` and `Sapporo-shi-Chuo-ku`. Districts (郡) are left out but for two towns
/// that read alike, so that within a prefecture each name stands once. `None` for prefectures and
/// unknown codes.
pub fn locality(code: LocalGovernmentCode) -> Option<Locality> {
    // Every certificate names one of them twice or more.
    static ALL: OnceLock<HashMap<LocalGovernmentCode, Locality>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let codes = places::all().iter().map(|unit| unit.code());
        codes.filter_map(|code| Some((code, spelt(code)?))).collect()
    });
    all.get(&code).cloned()
}

fn spelt(code: LocalGovernmentCode) -> Option<Locality> {
    let unit = places::by_code(code).filter(|unit| unit.kind() != Kind::Prefecture)?;
    let above = places::prefectures().find(|above| above.code().prefecture() == code.prefecture());
    Some(Locality { prefecture: romanise(above?), municipality: romanise(unit) })
}

/// The name of one unit, with the suffix of its kind behind a hyphen.
pub fn romanise(unit: &LocalGovernment) -> String {
    let exception = EXCEPTIONS.binary_search_by_key(&unit.code().as_u32(), |(code, _)| *code);
    if let Ok(at) = exception {
        return EXCEPTIONS[at].1.to_owned();
    }
    let city = unit.parent().and_then(places::by_code);
    let own = city.and_then(|city| unit.kana().strip_prefix(city.kana())).unwrap_or(unit.kana());
    let name = with_suffix(own, unit.kind());
    match city {
        Some(city) => format!("{}-{name}", romanise(city)),
        None => name,
    }
}

fn with_suffix(kana: &str, kind: Kind) -> String {
    let suffixes: &[&str] = match kind {
        // 北海 without its 道 is no name.
        Kind::Prefecture => &["ケン", "ト", "フ"],
        Kind::DesignatedCity | Kind::City => &["シ"],
        Kind::Ward | Kind::SpecialWard => &["ク"],
        Kind::Town => &["チョウ", "マチ"],
        Kind::Village => &["ムラ", "ソン"],
    };
    let parted = suffixes.iter().find_map(|suffix| Some((kana.strip_suffix(suffix)?, *suffix)));
    match parted {
        Some((stem, suffix)) => format!("{}-{}", capitalised(&letters(stem)), letters(suffix)),
        None => capitalised(&letters(kana)),
    }
}

/// The letters of a reading in katakana. A vowel that only lengthens the one before it is left out
/// (once: トウオン is to-on), ッ doubles the consonant after it (and is t before ch), ン is n before
/// every letter, as on the maps of the Geospatial Information Authority.
fn letters(kana: &str) -> String {
    let mut out = String::with_capacity(kana.len());
    let mut signs = kana.chars().peekable();
    let mut doubles = false;
    let mut lengthened = true;
    while let Some(sign) = signs.next() {
        if sign == 'ッ' {
            doubles = true;
            continue;
        }
        let small = signs.next_if(|next| glide(*next).is_some()).and_then(glide);
        let syllable = syllable(sign);
        if !lengthened && small.is_none() && lengthens(&out, sign) {
            lengthened = true;
            continue;
        }
        if doubles {
            out.push_str(if syllable.starts_with("ch") { "t" } else { &syllable[..1] });
        }
        match small {
            Some(vowel) => push_glided(&mut out, syllable, vowel),
            None => out.push_str(syllable),
        }
        (doubles, lengthened) = (false, false);
    }
    out
}

/// Whether a vowel after what is written so far only makes its last vowel long.
fn lengthens(written: &str, sign: char) -> bool {
    match sign {
        'ウ' => written.ends_with(['o', 'u']),
        'オ' => written.ends_with('o'),
        'ー' => true,
        _ => false,
    }
}

/// シ and ャ are sha, キ and ャ are kya.
fn push_glided(out: &mut String, syllable: &str, vowel: char) {
    let consonant = syllable.trim_end_matches('i');
    out.push_str(consonant);
    if !matches!(consonant, "sh" | "ch" | "j") {
        out.push('y');
    }
    out.push(vowel);
}

const fn glide(sign: char) -> Option<char> {
    match sign {
        'ャ' => Some('a'),
        'ュ' => Some('u'),
        'ョ' => Some('o'),
        _ => None,
    }
}

fn syllable(sign: char) -> &'static str {
    let found = SYLLABLES.iter().find_map(|(signs, syllables)| {
        let at = signs.chars().position(|known| known == sign)?;
        syllables.split(' ').nth(at)
    });
    found.unwrap_or_default()
}

fn capitalised(name: &str) -> String {
    let (first, rest) = name.split_at(name.len().min(1));
    first.to_ascii_uppercase() + rest
}

const SYLLABLES: &[(&str, &str)] = &[
    ("アイウエオ", "a i u e o"),
    ("カキクケコ", "ka ki ku ke ko"),
    ("ガギグゲゴ", "ga gi gu ge go"),
    ("サシスセソ", "sa shi su se so"),
    ("ザジズゼゾ", "za ji zu ze zo"),
    ("タチツテト", "ta chi tsu te to"),
    ("ダヂヅデド", "da ji zu de do"),
    ("ナニヌネノ", "na ni nu ne no"),
    ("ハヒフヘホ", "ha hi fu he ho"),
    ("バビブベボ", "ba bi bu be bo"),
    ("パピプペポ", "pa pi pu pe po"),
    ("マミムメモ", "ma mi mu me mo"),
    ("ヤユヨ", "ya yu yo"),
    ("ラリルレロ", "ra ri ru re ro"),
    ("ワヲン", "wa o n"),
];

/// Code and name, in the order of the codes: two words meet at a vowel that would be taken for a
/// long one (豊岡 is toyo-oka, 瀬戸内 seto-uchi), or two towns of one prefecture read alike (江差町
/// and 枝幸町) and their districts tell them apart.
const EXCEPTIONS: &[(u32, &str)] = &[
    (13_617, "Hiyama-gun-Esashi-cho"),
    (15_148, "Esashi-gun-Esashi-cho"),
    (15_601, "Takinoue-cho"),
    (15_717, "Toyoura-cho"),
    (16_420, "Hiroo-cho"),
    (122_181, "Katsuura-shi"),
    (203_033, "Koumi-machi"),
    (204_161, "Toyooka-mura"),
    (205_613, "Yamanouchi-machi"),
    (213_829, "Wanouchi-cho"),
    (272_205, "Minoo-shi"),
    (282_090, "Toyooka-shi"),
    (304_212, "Nachikatsuura-cho"),
    (313_718, "Kotoura-cho"),
    (332_127, "Setouchi-shi"),
    (363_014, "Katsuura-cho"),
    (422_088, "Matsuura-shi"),
    (462_179, "Soo-shi"),
    (465_259, "Setouchi-cho"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn readings_become_letters() {
        for (kana, expected) in [
            ("トウキョウ", "tokyo"),
            ("オオサカ", "osaka"),
            ("チュウオウ", "chuo"),
            ("トウオン", "toon"),
            ("スオウオオシマ", "suooshima"),
            ("ニイガタ", "niigata"),
            ("トットリ", "tottori"),
            ("クッチャン", "kutchan"),
            ("サッポロ", "sapporo"),
            ("グンマ", "gunma"),
            ("シンオンセン", "shinonsen"),
            ("オヂカ", "ojika"),
            ("アイヅバンゲ", "aizubange"),
            ("ジョウヨウ", "joyo"),
            ("リュウガサキ", "ryugasaki"),
            ("エイヘイジ", "eiheiji"),
            ("フジエダ", "fujieda"),
            ("アキオオタ", "akiota"),
        ] {
            assert_eq!(letters(kana), expected, "{kana}");
        }
    }

    #[test]
    fn localities_have_prefecture_and_suffix() {
        for (code, prefecture, municipality) in [
            ("132217", "Tokyo-to", "Kiyose-shi"),
            ("131130", "Tokyo-to", "Shibuya-ku"),
            ("011011", "Hokkaido", "Sapporo-shi-Chuo-ku"),
            ("262129", "Kyoto-fu", "Kyotango-shi"),
            ("282090", "Hyogo-ken", "Toyooka-shi"),
            ("013471", "Hokkaido", "Oshamanbe-cho"),
            ("473537", "Okinawa-ken", "Tokashiki-son"),
        ] {
            let code: LocalGovernmentCode = code.parse().unwrap();
            let found = locality(code).unwrap_or_else(|| panic!("{code}"));
            assert_eq!((&*found.prefecture, &*found.municipality), (prefecture, municipality));
        }
        assert_eq!(locality("130001".parse().unwrap()), None, "a prefecture");
        assert_eq!(locality("131997".parse().unwrap_or("130001".parse().unwrap())), None);
    }

    #[test]
    fn every_name_is_plain_letters_and_unique_in_its_prefecture() {
        let mut seen = BTreeSet::new();
        for unit in places::all() {
            let name = romanise(unit);
            assert!(name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-'), "{name}");
            let capital = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase());
            assert!(capital(&name) && !name.ends_with('-') && !name.contains("--"), "{name}");
            assert!(seen.insert((unit.code().prefecture(), name.clone())), "{name} stands twice");
        }
        assert_eq!(seen.len(), places::all().len());
    }

    #[test]
    fn every_suffix_is_one_of_the_ten() {
        for unit in places::all() {
            let name = romanise(unit);
            let suffix = name.rsplit_once('-').map_or("", |(_, suffix)| suffix);
            let fits = match unit.kind() {
                Kind::Prefecture => ["to", "fu", "ken", ""].contains(&suffix),
                Kind::DesignatedCity | Kind::City => suffix == "shi",
                Kind::Ward | Kind::SpecialWard => suffix == "ku",
                Kind::Town => ["cho", "machi"].contains(&suffix),
                Kind::Village => ["mura", "son"].contains(&suffix),
            };
            assert!(fits, "{name}");
            assert_eq!(suffix.is_empty(), name == "Hokkaido");
        }
    }

    #[test]
    fn every_exception_is_needed_and_belongs_to_somebody() {
        assert!(EXCEPTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, name) in EXCEPTIONS {
            let code = LocalGovernmentCode::from_u32(*code).unwrap();
            let unit = places::by_code(code).unwrap();
            assert_ne!(with_suffix(unit.kana(), unit.kind()), *name);
            assert_eq!(romanise(unit), *name);
        }
    }
}
