//! The one table of everything that can be refused or go wrong.
//!
//! A label never changes its meaning once released: programs branch on it. Each entry says what the
//! caller should do (`Remedy`), the HTTP status it travels under, and one sentence in each
//! language.

/// What the caller should do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    /// The request is refused; the same request will be refused again.
    Refused,
    /// What was asked for is not there.
    Absent,
    /// Try again later, as it is.
    Again,
    /// A part of the platform is broken; an operator must look.
    Broken,
}

/// One entry of the table.
#[derive(PartialEq, Eq, Debug)]
pub struct Label {
    /// The stable label.
    pub text: &'static str,
    /// What the caller should do.
    pub remedy: Remedy,
    /// The HTTP status (RFC 9110).
    pub status: u16,
    /// One sentence in English.
    pub english: &'static str,
    /// One sentence in Japanese.
    pub japanese: &'static str,
}

/// The entry with this text.
pub fn find(text: &str) -> Option<&'static Label> {
    ALL.iter().copied().find(|label| label.text == text)
}

macro_rules! labels {
    ($(
        $name:ident $text:literal $remedy:ident $status:literal
        $english:literal $japanese:literal;
    )*) => {
        $(
            #[doc = $english]
            pub static $name: Label = Label {
                text: $text,
                remedy: Remedy::$remedy,
                status: $status,
                english: $english,
                japanese: $japanese,
            };
        )*
        /// Every entry, in the order of the documentation.
        pub static ALL: &[&Label] = &[$(&$name),*];
    };
}

labels! {
    // numbers
    INDIVIDUAL_NUMBER_EMPTY "individual_number_empty" Refused 422 "The Individual Number is empty" "個人番号が空です";
    INDIVIDUAL_NUMBER_LENGTH "individual_number_length" Refused 422 "An Individual Number has 12 digits" "個人番号は12桁です";
    INDIVIDUAL_NUMBER_NOT_A_DIGIT "individual_number_not_a_digit" Refused 422 "An Individual Number consists of digits" "個人番号は数字だけからなります";
    INDIVIDUAL_NUMBER_CHECK_DIGIT "individual_number_check_digit" Refused 422 "The check digit of the Individual Number is wrong" "個人番号の検査用数字が合いません";
    RECORD_CODE_EMPTY "resident_record_code_empty" Refused 422 "The resident record code is empty" "住民票コードが空です";
    RECORD_CODE_LENGTH "resident_record_code_length" Refused 422 "A resident record code has 11 digits" "住民票コードは11桁です";
    RECORD_CODE_NOT_A_DIGIT "resident_record_code_not_a_digit" Refused 422 "A resident record code consists of digits" "住民票コードは数字だけからなります";
    RECORD_CODE_CHECK_DIGIT "resident_record_code_check_digit" Refused 422 "The check digit of the resident record code is wrong" "住民票コードの検査数字が合いません";
    CORPORATE_NUMBER_EMPTY "corporate_number_empty" Refused 422 "The corporate number is empty" "法人番号が空です";
    CORPORATE_NUMBER_LENGTH "corporate_number_length" Refused 422 "A corporate number has 13 digits" "法人番号は13桁です";
    CORPORATE_NUMBER_NOT_A_DIGIT "corporate_number_not_a_digit" Refused 422 "A corporate number consists of digits" "法人番号は数字だけからなります";
    CORPORATE_NUMBER_CHECK_DIGIT "corporate_number_check_digit" Refused 422 "The check digit of the corporate number is wrong" "法人番号の検査用数字が合いません";
    LOCAL_GOVERNMENT_CODE_EMPTY "local_government_code_empty" Refused 422 "The local government code is empty" "全国地方公共団体コードが空です";
    LOCAL_GOVERNMENT_CODE_LENGTH "local_government_code_length" Refused 422 "A local government code has 6 digits" "全国地方公共団体コードは6桁です";
    LOCAL_GOVERNMENT_CODE_NOT_A_DIGIT "local_government_code_not_a_digit" Refused 422 "A local government code consists of digits" "全国地方公共団体コードは数字だけからなります";
    LOCAL_GOVERNMENT_CODE_CHECK_DIGIT "local_government_code_check_digit" Refused 422 "The check digit of the local government code is wrong" "全国地方公共団体コードの検査数字が合いません";
    LOCAL_GOVERNMENT_CODE_PREFECTURE "local_government_code_prefecture" Refused 422 "No prefecture has this number" "該当する都道府県番号はありません";
    GENERATION_RANGE "generation_range" Refused 422 "A number has at most seven changes" "個人番号の変更は7回までです";

    // words
    ACTOR_KIND "actor_kind" Refused 422 "The kind of actor is unknown" "行為者の種別が不明です";
    ACTOR_NAME "actor_name" Refused 422 "The name of the actor is not well formed" "行為者の名称が正しくありません";
    PURPOSE_UNKNOWN "purpose_unknown" Refused 422 "The purpose is unknown" "利用目的が不明です";

    // the caller
    CALLER_UNKNOWN "caller_unknown" Refused 401 "The caller did not show who it is" "呼出元を確認できません";
    TOKEN_MALFORMED "token_malformed" Refused 401 "The token is not well formed" "トークンの形式が正しくありません";
    TOKEN_SIGNATURE "token_signature" Refused 401 "The token's signature does not verify" "トークンの署名を検証できません";
    TOKEN_EXPIRED "token_expired" Refused 401 "The token has expired or is not yet valid" "トークンの有効期間外です";
    PERMIT_REFUSED "permit_refused" Refused 403 "No legal basis permits this act by this caller for this purpose" "この目的でのこの行為を許す法的根拠がありません";
    PERMIT_FOREIGN_MUNICIPALITY "permit_foreign_municipality" Refused 403 "The act concerns another municipality" "他の市区町村に関する行為です";

    // the feed: reading
    FEED_HEADER "feed_header" Refused 422 "The first line must name the columns of a feed" "先頭行が所定の列名ではありません";
    FEED_ENCODING "feed_encoding" Refused 422 "The text is neither UTF-8 nor Shift_JIS" "文字コードがUTF-8でもShift_JISでもありません";
    FEED_MIXED_ENCODING "feed_mixed_encoding" Refused 422 "The file changes its character encoding" "ファイルの途中で文字コードが変わっています";
    FEED_LINE_TOO_LONG "feed_line_too_long" Refused 422 "The line is longer than any record can be" "行が長すぎます";
    FEED_LINE_CUT "feed_line_cut" Refused 422 "The file ends in the middle of a line" "ファイルが行の途中で終わっています";
    FEED_COLUMNS "feed_columns" Refused 422 "The line does not have the columns of the header" "列の数が見出しと異なります";
    FEED_QUOTE "feed_quote" Refused 422 "A quotation mark stands where none can be" "引用符の位置が正しくありません";
    FEED_JSON "feed_json" Refused 422 "The line is not one JSON object of a feed message" "行が所定のJSONではありません";
    FEED_FIELD_UNKNOWN "feed_field_unknown" Refused 422 "The field is not part of a feed message" "未知の項目です";
    FEED_FIELD_MISSING "feed_field_missing" Refused 422 "The field is needed and empty" "必須項目が空です";
    FEED_FIELD_TOO_LONG "feed_field_too_long" Refused 422 "The field is too long" "項目が長すぎます";
    FEED_CONTROL_CHARACTER "feed_control_character" Refused 422 "The field holds a control character" "項目に制御文字が含まれています";
    FEED_EVENT "feed_event" Refused 422 "The kind of event is unknown" "異動事由が不明です";
    FEED_DATE "feed_date" Refused 422 "The date is not a calendar date written YYYY-MM-DD" "日付がYYYY-MM-DDの形の暦日ではありません";
    FEED_SEX "feed_sex" Refused 422 "The sex is one of male, female, unknown" "性別はmale・female・unknownのいずれかです";
    FEED_POSTAL_CODE "feed_postal_code" Refused 422 "A postal code has seven digits" "郵便番号は7桁です";
    FEED_SEQUENCE "feed_sequence" Refused 422 "A sequence number is a whole number from 1" "連番は1以上の整数です";

    // the feed: order
    MUNICIPALITY_UNKNOWN "municipality_unknown" Refused 422 "No municipality with a resident register has this code" "この団体コードで住民票を扱う市区町村はありません";
    FEED_REPEAT_DIFFERS "feed_repeat_differs" Refused 409 "The sequence number was used before with other content" "同じ連番で内容の異なる電文が受理済みです";
    FEED_TOO_FAR_AHEAD "feed_too_far_ahead" Refused 409 "The sequence number is too far ahead of the next expected one" "連番が次の期待値から離れすぎています";
    FEED_WAITING_FULL "feed_waiting_full" Again 429 "Too many messages wait behind a gap" "欠番待ちの電文が多すぎます";

    // resident events
    RESIDENT_UNKNOWN "resident_unknown" Refused 422 "Nobody is registered under this resident record code" "この住民票コードの者は登録されていません";
    RECORD_CODE_TAKEN "record_code_taken" Refused 409 "The resident record code is already in use" "この住民票コードは既に使用されています";
    RECORD_CODE_NOT_IN_STOCK "record_code_not_in_stock" Refused 422 "The resident record code does not come from the municipality's stock" "市区町村に払い出されていない住民票コードです";
    RECORD_CODE_NEEDED "record_code_needed" Refused 422 "This event must name a resident record code" "この異動には住民票コードが必要です";
    STOCK_EMPTY "stock_empty" Refused 409 "The municipality's stock of resident record codes is used up" "住民票コードの払出し残数がありません";
    RESIDENT_ELSEWHERE "resident_elsewhere" Refused 409 "The person is registered in another municipality" "他の市区町村に登録されています";
    RESIDENT_DEAD "resident_dead" Refused 409 "The person's death is registered" "死亡が登録された者です";
    RESIDENT_DELETED "resident_deleted" Refused 409 "The person's record was deleted ex officio" "職権により消除された者です";
    RESIDENT_NOT_MOVED_OUT "resident_not_moved_out" Refused 409 "The person has not moved out of the former municipality" "前住所地からの転出が登録されていません";
    RESIDENT_ALREADY_HERE "resident_already_here" Refused 409 "The person is already registered here" "既にこの市区町村に登録されています";
    RESIDENT_AWAY "resident_away" Refused 409 "The person has moved out" "転出済みの者です";
    RECORD_NEEDED "record_needed" Refused 422 "This event must bring the record after it" "この異動には異動後の記載が必要です";
    EVENT_BEFORE_BIRTH "event_before_birth" Refused 422 "The event lies before the date of birth" "異動年月日が生年月日より前です";
    EVENT_IN_FUTURE "event_in_future" Refused 422 "The event lies in the future" "異動年月日が未来の日付です";
    BIRTH_DATE_DIFFERS "birth_date_differs" Refused 422 "An event other than a correction cannot change the date of birth" "訂正以外の異動で生年月日は変わりません";

    // numbering
    NUMBER_CHANGES_EXHAUSTED "number_changes_exhausted" Refused 409 "The number was changed seven times" "個人番号の変更回数の上限に達しています";
    NUMBER_CHANGE_REASON "number_change_reason" Refused 422 "A change needs a reason: the law allows it after a leak only" "番号変更には漏えいのおそれの理由が必要です";
    NUMBER_NOT_ASSIGNED "number_not_assigned" Absent 404 "The person has no designated number yet" "個人番号がまだ指定されていません";
    NUMBER_ALREADY_ASSIGNED "number_already_assigned" Refused 409 "The person already has a number" "既に個人番号が指定されています";
    NUMBER_CURRENT_DIFFERS "number_current_differs" Refused 409 "The number named is not the person's present number" "現在の個人番号と一致しません";

    // what is asked for
    RESIDENT_ABSENT "resident_absent" Absent 404 "No such resident" "該当する住民はいません";
    RESIDENT_AMBIGUOUS "resident_ambiguous" Refused 409 "Several residents fit; name the resident record code" "該当者が複数います。住民票コードを指定してください";
    DISPOSAL_TOO_EARLY "disposal_too_early" Refused 409 "The person's record is not closed" "消除されていない者の記録は廃棄できません";
    DISPOSAL_RETENTION "disposal_retention" Refused 409 "The closed record is kept for 150 years" "消除された記録は150年間保存されます";
    ACT_ABSENT "act_absent" Absent 404 "No act with this id" "該当する行為の記録はありません";
    TILE_ABSENT "tile_absent" Absent 404 "The log has no such tile" "該当するタイルはありません";
    CHECKPOINT_ABSENT "checkpoint_absent" Absent 404 "No checkpoint was published yet" "チェックポイントはまだ公開されていません";
    PATH_ABSENT "path_absent" Absent 404 "There is nothing at this address" "該当するアドレスはありません";
    METHOD_UNKNOWN "method_not_allowed" Refused 405 "This address does not take this method" "このアドレスでは使えないメソッドです";
    CONTENT_ERASED "content_erased" Absent 410 "The content was disposed of" "内容は廃棄されました";

    // requests
    REQUEST_MALFORMED "request_malformed" Refused 400 "The request is not well formed" "要求の形式が正しくありません";
    REQUEST_TOO_LARGE "request_too_large" Refused 413 "The request is too large" "要求が大きすぎます";
    REQUEST_MEDIA_TYPE "request_media_type" Refused 415 "The request's media type is not taken here" "要求のメディア型に対応していません";
    REQUEST_TIMEOUT "request_timeout" Again 408 "The request did not arrive in time" "要求が時間内に届きませんでした";
    PAGE_RANGE "page_range" Refused 422 "The page is outside the listing or too large" "ページの指定が範囲外です";
    IDEMPOTENCY_KEY_MISSING "idempotency_key_missing" Refused 400 "This call needs an Idempotency-Key" "Idempotency-Keyが必要です";
    IDEMPOTENCY_KEY_LENGTH "idempotency_key_length" Refused 400 "The Idempotency-Key is empty or too long" "Idempotency-Keyの長さが正しくありません";
    IDEMPOTENCY_KEY_REUSED "idempotency_key_reused" Refused 422 "The Idempotency-Key was used with another request" "Idempotency-Keyが別の要求で使用済みです";
    OVERLOADED "overloaded" Again 503 "Too many requests wait" "混雑しています";
    PROOF_RANGE "proof_range" Refused 422 "The proof asks for a place outside the tree" "証明の範囲が木の外です";
    SET_DIGEST_PREFIX "set_digest_prefix" Refused 422 "A prefix consists of at most 16 hexadecimal digits" "接頭辞は16桁以内の16進数です";
    SET_DIGEST_QUESTION "set_digest_question" Refused 422 "The question asks for too many prefixes, for one within another, or for a list too long" "接頭辞が多すぎるか重なっているか、該当する記録が多すぎます";
    SET_DIGEST_ANSWER "set_digest_answer" Again 409 "The answer does not fit the question: the set changed meanwhile" "比較中に集合が変わりました";

    // witnesses (C2SP tlog-witness): what a witness refuses, and what the ledger hears from one
    WITNESS_FORM "witness_form" Refused 400 "The request is not one to cosign a checkpoint" "連署要求の形式が正しくありません";
    WITNESS_UNKNOWN_LOG "witness_unknown_log" Absent 404 "The witness does not watch this ledger" "この台帳は立会人の対象ではありません";
    WITNESS_NOT_BY_THE_LOG "witness_not_by_the_log" Refused 403 "The checkpoint is not signed by a key of its ledger" "台帳の鍵による署名がありません";
    WITNESS_WRONG_SIGNATURE "witness_wrong_signature" Refused 403 "A signature in the name of the ledger does not verify" "台帳名義の署名を検証できません";
    WITNESS_OLD_SIZE "witness_old_size" Refused 400 "The old size is above the checkpoint's" "旧サイズがチェックポイントより大きいです";
    WITNESS_EMPTY_ROOT "witness_empty_root" Refused 422 "An empty ledger has the root of the empty tree" "空の台帳のルートが正しくありません";
    WITNESS_PROOF_LENGTH "witness_proof_length" Refused 422 "The consistency proof has another length" "整合性証明の長さが正しくありません";
    WITNESS_PROOF "witness_proof" Refused 422 "The consistency proof does not lead to the checkpoint" "整合性証明がチェックポイントに至りません";
    WITNESS_SPLIT_VIEW "witness_split_view" Refused 422 "The witness has cosigned another history of this ledger" "立会人が連署した台帳の履歴と異なります";
    WITNESS_UNREACHABLE "witness_unreachable" Again 503 "The witness did not answer in time" "立会人から時間内に応答がありません";
    WITNESS_ANSWER "witness_answer" Broken 500 "The witness did not answer with a cosignature by its key" "立会人の応答が正しい連署ではありません";
    WITNESS_REFUSED "witness_refused" Broken 500 "The witness refused the checkpoint" "立会人がチェックポイントを拒否しました";
    WITNESS_AHEAD "witness_ahead" Broken 500 "The witness has cosigned more than this ledger holds" "立会人が連署した台帳の方が大きいです";
    WITNESS_QUORUM "witness_quorum" Refused 422 "Fewer witnesses cosigned the checkpoint than asked for" "チェックポイントの連署が必要数に足りません";

    // keys and configuration
    KEY_ABSENT "key_absent" Broken 500 "The key store holds no such key" "鍵ストアに該当の鍵がありません";
    KEY_EXISTS "key_exists" Refused 409 "The key store already holds a key of this name" "同じ名前の鍵が既にあります";
    KEY_IN_USE "key_in_use" Refused 409 "The key is in use" "鍵は使用中です";
    KEY_KIND "key_kind" Broken 500 "The key is of another kind" "鍵の種類が異なります";
    KEYSTORE_PERMISSIONS "keystore_permissions" Refused 500 "Others can read the key store file" "鍵ストアのファイルが他者から読めます";
    KEYSTORE_PASSPHRASE "keystore_passphrase" Refused 500 "The passphrase does not open the key store" "パスフレーズが違います";
    KEYSTORE_DAMAGED "keystore_damaged" Broken 500 "The key store file is damaged" "鍵ストアのファイルが壊れています";
    PASSPHRASE_MISSING "passphrase_missing" Refused 500 "No passphrase was given" "パスフレーズが与えられていません";
    KEY_OPERATION "key_operation" Broken 500 "The key store could not carry out the operation" "鍵ストアで処理できませんでした";
    CONFIG_MALFORMED "config_malformed" Refused 500 "The configuration is not well formed" "設定の形式が正しくありません";
    CONFIG_KEY_UNKNOWN "config_key_unknown" Refused 500 "The configuration holds an unknown key" "設定に未知の項目があります";
    DATA_DIRECTORY "data_directory" Refused 500 "The data directory cannot be used" "データディレクトリを使用できません";
    NOT_INITIALISED "not_initialised" Refused 500 "The data directory holds no platform yet" "初期化されていません";
    ALREADY_INITIALISED "already_initialised" Refused 500 "The data directory already holds a platform" "既に初期化されています";

    // the store
    STORE_BUSY "store_busy" Again 503 "The store is busy" "データベースが混雑しています";
    STORE_FULL "store_full" Again 507 "The disk is full" "ディスクの空きがありません";
    STORE_UNREACHABLE "store_unreachable" Again 503 "The store cannot be reached" "データベースに接続できません";
    STORE_BROKEN "store_broken" Broken 500 "The store answered with an error" "データベースのエラーです";
    STORE_CONSTRAINT "store_constraint" Broken 500 "A constraint of the store was violated" "データベースの制約に反しました";
    STORE_SCHEMA "store_schema" Broken 500 "The store's schema is not this program's" "データベースの版が異なります";
    SEAL_BROKEN "seal_broken" Broken 500 "A sealed value does not open" "封緘された値を開けません";
    LEDGER_SPLIT "ledger_split" Broken 500 "The published ledger and the store disagree" "公開済み台帳とデータベースが一致しません";
    IO "io" Broken 500 "Reading or writing a file failed" "ファイルの読み書きに失敗しました";
    INTERNAL "internal" Broken 500 "A defect of the program" "プログラムの不具合です";

    // key devices
    HSM_UNAVAILABLE "hsm_unavailable" Again 503 "No key device answers in time" "鍵装置が時間内に応答しません";
    HSM_GONE "hsm_gone" Again 503 "The token of a key device is not there" "鍵装置のトークンが取り外されています";
    HSM_ANSWER_WRONG "hsm_answer_wrong" Broken 500 "A key device gave a wrong answer" "鍵装置の応答が正しくありません";
    HSM_MECHANISM "hsm_mechanism" Refused 422 "The key device offers no such mechanism" "鍵装置がこの方式に対応していません";
    HSM_CONFIGURATION "hsm_configuration" Broken 500 "A key device cannot be used as it is configured" "鍵装置の設定が正しくありません";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn texts_are_unique_and_snake_case() {
        let mut seen = BTreeSet::new();
        for label in ALL {
            assert!(seen.insert(label.text), "{} stands twice", label.text);
            assert!(label.text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            assert!(!label.english.ends_with('.') && !label.japanese.is_empty());
        }
    }

    #[test]
    fn remedy_and_status_agree() {
        for label in ALL {
            let fits = match label.remedy {
                Remedy::Refused => label.status < 500 || LOCAL.contains(&label.text),
                Remedy::Absent => [404, 410].contains(&label.status),
                Remedy::Again => [408, 409, 429, 503, 507].contains(&label.status),
                Remedy::Broken => label.status == 500,
            };
            assert!(fits, "{}", label.text);
        }
    }

    #[test]
    fn finds_every_entry() {
        for label in ALL {
            assert!(std::ptr::eq(find(label.text).unwrap(), *label));
        }
        assert!(find("").is_none());
    }

    /// Refusals that only the operator of the machine can meet; they never travel over HTTP.
    const LOCAL: [&str; 8] = [
        "keystore_permissions",
        "keystore_passphrase",
        "passphrase_missing",
        "config_malformed",
        "config_key_unknown",
        "data_directory",
        "not_initialised",
        "already_initialised",
    ];
}
