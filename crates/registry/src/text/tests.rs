//! Which spellings fold together, which stay apart, and that folding settles.

use super::*;
use proptest::prelude::*;

#[test]
fn spellings_of_one_name_fold_together() {
    for group in [
        &["山田　太郎", "山田 太郎", "山田太郎", " 山田太郎 "][..],
        &["ヤマダタロウ", "やまだたろう", "ﾔﾏﾀﾞﾀﾛｳ", "やまだ　タロウ"],
        &["髙橋", "高橋"],
        &["宮﨑", "宮崎"],
        &["渡邉", "渡邊", "渡辺", "渡邉\u{E0101}", "渡邊\u{E010F}"],
        &["齋藤", "齊藤", "斎藤", "斉藤"],
        &["德田", "徳田"],
        &["濵", "濱", "浜"],
        &["𠮷野", "吉野"],
        &["神\u{FE00}", "神", "\u{FA19}"],
        &["\u{F9D0}", "類"],
        &["Ｓｍｉｔｈ John", "SMITH JOHN", "smithjohn"],
        &["葛\u{E0100}城", "葛城"],
        &["う\u{3099}", "ゔ", "ヴ", "ｳﾞ"],
        &["MÜLLER", "Müller", "Mu\u{308}ller"],
        &["霞ヶ関", "霞ケ関"],
    ] {
        let keys: Vec<_> = group.iter().map(|name| fold_name(name)).collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
    }
}

#[test]
fn different_names_stay_apart() {
    for (one, other) in [("山田", "山本"), ("ハナ", "バナ"), ("オオノ", "オノ"), ("", "山")]
    {
        assert_ne!(fold_name(one), fold_name(other));
    }
}

#[test]
fn spellings_of_one_address_fold_together() {
    for group in [
        &["霞が関一丁目２番地の３", "霞が関1丁目2番地3", "霞が関１－２－３", "霞が関 1‐2−3"][..],
        &["本町十二丁目三番四号", "本町12丁目3番4号", "本町12-3-4", "本町一二丁目3ー4"],
        &["中央1番地", "中央１", "中央一番地"],
        &["北町百二十三番地", "北町123番地"],
        &["1-2-3 コーポ山101号室", "1-2-3コーポ山101"],
    ] {
        let keys: Vec<_> = group.iter().map(|address| fold_address(address)).collect();
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]), "{keys:?}");
    }
}

#[test]
fn numbers_do_not_run_together() {
    assert_eq!(fold_address("本町1丁目23番"), "本町1-23");
    assert_ne!(fold_address("本町1-23"), fold_address("本町12-3"));
    assert_eq!(fold_address("三千院"), "三千院");
}

proptest! {
    #[test]
    fn folding_is_done_once(name in "\\PC{0,24}") {
        let once = fold_name(&name);
        prop_assert_eq!(fold_name(&once), once);
    }

    #[test]
    fn folding_japanese_is_done_once(name in "[ぁ-ヿｦ-ﾟ一-龥豈-頻Ａ-ｚ 　゛゜\u{3099}\u{E0100}]{0,24}") {
        let once = fold_name(&name);
        prop_assert_eq!(fold_name(&once), once);
    }

    #[test]
    fn addresses_fold_without_spaces(address in "[0-9一二三十百丁目番地号のー－ 　山町]{0,24}") {
        let key = fold_address(&address);
        prop_assert!(!key.contains([' ', '　']));
        prop_assert!(!key.ends_with('-') && !key.starts_with('-') && !key.contains("--"));
    }
}
