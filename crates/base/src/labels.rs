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

    // the certification authority
    AUTHORITY_ABSENT "authority_absent" Absent 404 "No such certification authority issues certificates" "該当する認証局がありません";
    AUTHORITY_EXISTS "authority_exists" Refused 409 "The certification authority is there already" "認証局は既にあります";
    AUTHORITY_RETIRED "authority_retired" Refused 409 "The certification authority issues no certificates any more" "この認証局は既に発行を終了しています";
    AUTHORITY_NOT_FOLLOWED "authority_not_followed" Refused 409 "No newer certification authority of this kind issues certificates" "後継の認証局がありません";
    CERTIFICATE_ABSENT "certificate_absent" Absent 404 "No such certificate was issued" "該当する電子証明書はありません";
    CERTIFICATE_KEY_USED "certificate_key_used" Refused 409 "The public key is in another certificate already" "この公開鍵は既に電子証明書に使われています";
    CERTIFICATE_UNREADY "certificate_unready" Again 503 "The certificate is still to be signed" "電子証明書は署名待ちです";
    CERTIFICATE_CLOSED "certificate_closed" Refused 409 "The case was closed without a certificate" "電子証明書は発行されずに終了しました";
    HOLDER_NOT_REGISTERED "holder_not_registered" Refused 422 "The person is not registered in a municipality now" "現在、住民として記録されていません";
    TRIGGER_OF_REGISTER "trigger_of_register" Refused 422 "Only the resident register tells this" "住民基本台帳からの通知によってのみ処理されます";
    DELEGATE_ABSENT "delegate_absent" Again 503 "No key is ready to sign answers" "応答に署名できる鍵がありません";

    // the store
    STORE_BUSY "store_busy" Again 503 "The store is busy" "データベースが混雑しています";
    STORE_FULL "store_full" Again 507 "The disk is full" "ディスクの空きがありません";
    STORE_UNREACHABLE "store_unreachable" Again 503 "The store cannot be reached" "データベースに接続できません";
    STORE_BROKEN "store_broken" Broken 500 "The store answered with an error" "データベースのエラーです";
    STORE_CONSTRAINT "store_constraint" Broken 500 "A constraint of the store was violated" "データベースの制約に反しました";
    STORE_SCHEMA "store_schema" Broken 500 "The store's schema is not this program's" "データベースの版が異なります";
    SEAL_BROKEN "seal_broken" Broken 500 "A sealed value does not open" "封緘された値を開けません";
    LEDGER_SPLIT "ledger_split" Broken 500 "The published ledger and the store disagree" "公開済み台帳とデータベースが一致しません";
    REVOCATION_LIST_AHEAD "revocation_list_ahead" Broken 500 "A published revocation list is ahead of the store" "公開済みの失効リストがデータベースより新しくなっています";
    IO "io" Broken 500 "Reading or writing a file failed" "ファイルの読み書きに失敗しました";
    INTERNAL "internal" Broken 500 "A defect of the program" "プログラムの不具合です";

    // certificates: what the authority refuses
    CLOCK_BEHIND "clock_behind" Again 503 "The clock is behind what is recorded already" "時計が記録済みの時刻より遅れています";
    OFFICE_SUFFIX "office_suffix" Refused 422 "An office ends in four digits and upper-case letters" "受付窓口の識別子は英大文字と数字4文字です";
    CERTIFICATE_TEXT_EMPTY "certificate_text_empty" Refused 422 "A certificate needs a name and an address" "氏名または住所が空です";
    CERTIFICATE_TEXT_TOO_LONG "certificate_text_too_long" Refused 422 "The name or the address is too long for a certificate" "氏名または住所が長すぎます";
    CERTIFICATE_HOLDER_TOO_YOUNG "certificate_holder_too_young" Refused 409 "A signature certificate is not issued under the age of 15" "15歳未満の者には署名用電子証明書を発行できません";
    CERTIFICATE_HOLDER_IS_WARD "certificate_holder_is_ward" Refused 409 "A signature certificate is not issued to an adult ward" "成年被後見人には署名用電子証明書を発行できません";
    CERTIFICATE_CARD_WITHOUT_PIN "certificate_card_without_pin" Refused 409 "A card without PINs carries no signature certificate" "顔認証マイナンバーカードには署名用電子証明書を搭載できません";
    CERTIFICATE_CARD_EXPIRED "certificate_card_expired" Refused 409 "The card has expired" "カードの有効期間が満了しています";
    CERTIFICATE_ISSUER_ENDS "certificate_issuer_ends" Refused 409 "The authority's own certificate ends before this one would: the operator founds its next generation" "認証局の証明書が先に満了するため発行できません（次世代の認証局が必要です）";
    CERTIFICATE_ISSUANCE_UNDER_WAY "certificate_issuance_under_way" Again 409 "A certificate of this person is being issued" "この者の電子証明書を発行中です";
    CERTIFICATE_IN_FORCE "certificate_in_force" Refused 409 "A certificate of this kind is in force, and it is too early to renew it" "有効な電子証明書があり、まだ更新できません";
    CERTIFICATE_HELD "certificate_held" Refused 409 "The certificate is held: first release or revoke it" "電子証明書が一時保留中です";
    CERTIFICATE_NOT_HELD "certificate_not_held" Refused 409 "The certificate is not held" "電子証明書は一時保留されていません";
    CERTIFICATE_NOT_INTENDED "certificate_not_intended" Refused 409 "The certificate does not wait to come into force" "発行手続中の電子証明書ではありません";

    // certificates and requests: what is read, composed and signed
    DER_TRUNCATED "der_truncated" Refused 422 "The DER ends before its length says" "DERが途中で終わっています";
    DER_TRAILING_BYTES "der_trailing_bytes" Refused 422 "Bytes after the end of the DER" "DERの後に余分なバイトがあります";
    DER_INDEFINITE_LENGTH "der_indefinite_length" Refused 422 "DER has no indefinite lengths" "DERでは不定長を使えません";
    DER_LENGTH "der_length" Refused 422 "A length of the DER is in more bytes than it needs" "DERの長さの表し方が最短ではありません";
    DER_TAG "der_tag" Refused 422 "The DER has another type than the one that belongs there" "DERの型が異なります";
    DER_INTEGER "der_integer" Refused 422 "An integer of the DER is too long or not in its shortest form" "DERの整数が長すぎるか最短形ではありません";
    DER_VALUE "der_value" Refused 422 "The DER has a value that its type does not have" "DERの値が正しくありません";
    NAME_MALFORMED "name_malformed" Refused 422 "Not a distinguished name in DER" "識別名の形式が正しくありません";
    NAME_COUNTRY "name_country" Refused 422 "A country is two letters A to Z" "国名は英大文字2文字です";
    NAME_EMPTY "name_empty" Refused 422 "An attribute of a name has no text" "識別名に空の属性があります";
    SERIAL_MALFORMED "serial_malformed" Refused 422 "A serial number is positive and has at most 20 octets" "発行番号は20オクテット以内の正の整数です";
    CERTIFICATE_VERSION "certificate_version" Refused 422 "No version of certificates has these fields" "証明書の版が正しくありません";
    CERTIFICATE_ALGORITHM_MISMATCH "certificate_algorithm_mismatch" Refused 422 "The certificate names two algorithms for its signature" "証明書の署名アルゴリズムの表示が一致しません";
    CERTIFICATE_EXTENSIONS "certificate_extensions" Refused 422 "An extension stands twice, or an empty list of them" "証明書の拡張領域が重複しているか空です";
    PUBLIC_KEY_MALFORMED "public_key_malformed" Refused 422 "Not a SubjectPublicKeyInfo in DER" "公開鍵の形式が正しくありません";
    PUBLIC_KEY_ALGORITHM "public_key_algorithm" Refused 422 "No certificate is given for keys of this algorithm" "この方式の鍵には証明書を発行しません";
    PUBLIC_KEY_VALUE "public_key_value" Refused 422 "No key has this value" "公開鍵の値が正しくありません";
    PUBLIC_KEY_CURVE "public_key_curve" Refused 422 "Another curve than P-256 and P-384" "楕円曲線はP-256またはP-384です";
    PUBLIC_KEY_RSA_LENGTH "public_key_rsa_length" Refused 422 "An RSA modulus has 2,048 bits" "RSAの鍵長は2,048ビットです";
    PUBLIC_KEY_RSA_EXPONENT "public_key_rsa_exponent" Refused 422 "An RSA exponent is 65537" "RSAの公開指数は65537です";
    KEY_WEAK_FACTOR "key_weak_factor" Refused 422 "The key can be broken: its modulus has a small factor" "鍵が脆弱です（法に小さな素因数があります）";
    KEY_WEAK_ROCA "key_weak_roca" Refused 422 "The key can be broken: it bears the fingerprint of CVE-2017-15361" "鍵が脆弱です（CVE-2017-15361）";
    REQUEST_TOO_LONG "request_too_long" Refused 422 "The certification request is too long" "証明書要求が長すぎます";
    REQUEST_PEM "request_pem" Refused 422 "Not a certification request in PEM" "PEM形式の証明書要求ではありません";
    REQUEST_VERSION "request_version" Refused 422 "The certification request has another version than 1" "証明書要求の版が異なります";
    REQUEST_SIGNATURE_ALGORITHM "request_signature_algorithm" Refused 422 "The request is signed with an algorithm in which such a key gives no proof" "証明書要求の署名アルゴリズムでは鍵の所持を確認できません";
    PROOF_OF_POSSESSION "proof_of_possession" Refused 422 "The signature is not that of the key" "秘密鍵の所持を確認できません";
    PROFILE_SETTINGS "profile_settings" Refused 422 "A setting cannot stand in a certificate" "証明書に記載できない設定値です";
    PROFILE_MUNICIPALITY "profile_municipality" Refused 422 "No municipality keeps a register under this code" "この団体コードの市区町村はありません";
    PROFILE_CONTENT "profile_content" Broken 500 "The content of a certificate is one that no decision leads to" "証明書の内容が矛盾しています";
    PROFILE_HIERARCHY "profile_hierarchy" Broken 500 "The issuer gives another kind of certificate" "発行者の種別が異なります";
    LINT_MALFORMED "lint_malformed" Broken 500 "What was to be signed is no certificate in DER" "署名対象がDER形式の証明書ではありません";
    LINT_VERSION "lint_version" Broken 500 "What was to be signed has another version than 3" "署名対象の版が異なります";
    LINT_SERIAL "lint_serial" Broken 500 "What was to be signed has no good serial number" "署名対象の発行番号が正しくありません";
    LINT_ALGORITHM "lint_algorithm" Broken 500 "What was to be signed names another algorithm than the issuer's" "署名対象の署名アルゴリズムが発行者と異なります";
    LINT_ISSUER "lint_issuer" Broken 500 "What was to be signed names another issuer" "署名対象の発行者名が異なります";
    LINT_VALIDITY "lint_validity" Broken 500 "What was to be signed is valid too early, too long or never" "署名対象の有効期間が正しくありません";
    LINT_TIME_FORM "lint_time_form" Broken 500 "What was to be signed has a time in the wrong form" "署名対象の日時の形式が正しくありません";
    LINT_SUBJECT "lint_subject" Broken 500 "What was to be signed has another subject than its kind" "署名対象の主体者名の構成が異なります";
    LINT_SUBJECT_TEXT "lint_subject_text" Broken 500 "What was to be signed has a subject with unfit text" "署名対象の主体者名に使えない文字列があります";
    LINT_KEY "lint_key" Broken 500 "What was to be signed has a key that is not certified" "署名対象の鍵は認証の対象ではありません";
    LINT_KEY_WEAK "lint_key_weak" Broken 500 "What was to be signed has a key that can be broken" "署名対象の鍵が脆弱です";
    LINT_KEY_OF_ISSUER "lint_key_of_issuer" Broken 500 "What was to be signed has the issuer's key, or a root has another" "署名対象の鍵と発行者の鍵の関係が正しくありません";
    LINT_EXTENSION_ORDER "lint_extension_order" Broken 500 "What was to be signed has other extensions or another order" "署名対象の拡張領域の構成が異なります";
    LINT_KEY_USAGE "lint_key_usage" Broken 500 "What was to be signed has another key usage" "署名対象の鍵用途が異なります";
    LINT_EXTENDED_KEY_USAGE "lint_extended_key_usage" Broken 500 "What was to be signed has other purposes" "署名対象の拡張鍵用途が異なります";
    LINT_AUTHORITY "lint_authority" Broken 500 "What was to be signed says wrongly whether it is an authority's" "署名対象の認証局の表示が正しくありません";
    LINT_POLICY "lint_policy" Broken 500 "What was to be signed has another policy" "署名対象の証明書ポリシーが異なります";
    LINT_AUTHORITY_KEY "lint_authority_key" Broken 500 "What was to be signed has another key identifier of the issuer" "署名対象の発行者鍵識別子が異なります";
    LINT_SUBJECT_KEY "lint_subject_key" Broken 500 "What was to be signed has another key identifier of the subject" "署名対象の主体者鍵識別子が異なります";
    LINT_TEXTS "lint_texts" Broken 500 "What was to be signed has other texts in its alternative name" "署名対象の別名の構成が異なります";
    LINT_FLAGS "lint_flags" Broken 500 "What was to be signed has flags that do not go with their text" "署名対象の代替文字位置情報が文字数と一致しません";
    LINT_ADDRESS "lint_address" Broken 500 "What was to be signed has an address that is not the issuer's" "署名対象に未知のアドレスがあります";
    LINT_SIGNATURE "lint_signature" Broken 500 "What was to be signed is not signed by the key" "署名対象の署名を検証できません";
    SIGNING_MALFORMED "signing_malformed" Broken 500 "What was signed is not a certificate in DER" "署名結果が証明書の形式ではありません";
    SIGNING_OTHER_BYTES "signing_other_bytes" Broken 500 "Other bytes were signed than those intended" "意図した内容と異なるものに署名されました";
    SIGNING_SIGNATURE "signing_signature" Broken 500 "The signature is not that of the issuer's key" "署名が発行者の鍵のものではありません";

    // revocation lists, OCSP and time stamps
    CRL_TIMES "crl_times" Broken 500 "The next update of a revocation list does not come after this one" "失効リストの次回更新日時が今回更新日時より後ではありません";
    CRL_DELTA_BASE "crl_delta_base" Broken 500 "The number of a delta list is not above that of its base" "差分失効リストの番号が基準リストの番号以下です";
    CRL_SCOPE_EMPTY "crl_scope_empty" Broken 500 "The scope of a revocation list says nothing" "失効リストの対象範囲が空です";
    CRL_FRESHEST_IN_DELTA "crl_freshest_in_delta" Broken 500 "A delta list names delta lists" "差分失効リストが差分リストの所在を含んでいます";
    CRL_ORDER "crl_order" Broken 500 "The entries of a revocation list are not in the order of their serials" "失効リストの項目が発行番号順ではありません";
    CRL_REMOVE_OUTSIDE_DELTA "crl_remove_outside_delta" Broken 500 "Only a delta list takes an entry back" "失効の取消しは差分失効リストでしか表せません";
    CRL_MALFORMED "crl_malformed" Refused 422 "Not a revocation list in DER" "DER形式の失効リストではありません";
    CRL_VERSION "crl_version" Refused 422 "A revocation list of another version" "失効リストの版が異なります";
    CRL_ALGORITHMS "crl_algorithms" Refused 422 "A revocation list names two algorithms for its signature" "失効リストの署名アルゴリズムの表示が一致しません";
    OCSP_REQUEST_MALFORMED "ocsp_request_malformed" Refused 422 "Not an OCSP request in DER" "DER形式のOCSP要求ではありません";
    OCSP_REQUEST_TOO_LONG "ocsp_request_too_long" Refused 422 "The OCSP request is too long" "OCSP要求が長すぎます";
    OCSP_REQUEST_VERSION "ocsp_request_version" Refused 422 "The OCSP request has another version than 1" "OCSP要求の版が異なります";
    OCSP_REQUEST_COUNT "ocsp_request_count" Refused 422 "The OCSP request asks for no certificate or for too many" "OCSP要求の証明書の数が範囲外です";
    OCSP_REQUEST_HASH "ocsp_request_hash" Refused 422 "Certificates are named by SHA-1 or SHA-256" "証明書の特定にはSHA-1またはSHA-256を使います";
    OCSP_REQUEST_SERIAL "ocsp_request_serial" Refused 422 "No certificate has the serial of the OCSP request" "OCSP要求の発行番号が正しくありません";
    OCSP_REQUEST_NONCE "ocsp_request_nonce" Refused 422 "A nonce has 1 to 128 bytes" "ノンスの長さは1から128バイトです";
    OCSP_REQUEST_CRITICAL_EXTENSION "ocsp_request_critical_extension" Refused 422 "The OCSP request has an unknown critical extension" "OCSP要求に未知の重要拡張があります";
    OCSP_RESPONSE_MALFORMED "ocsp_response_malformed" Refused 422 "Not an OCSP response in DER" "DER形式のOCSP応答ではありません";
    OCSP_RESPONSE_STATUS "ocsp_response_status" Refused 422 "The OCSP responder did not answer and says so" "OCSPレスポンダが回答を拒みました";
    OCSP_RESPONSE_TYPE "ocsp_response_type" Refused 422 "Another kind of OCSP response than the basic one" "OCSP応答の種類が異なります";
    OCSP_RESPONSE_CRITICAL_EXTENSION "ocsp_response_critical_extension" Refused 422 "The OCSP response has an unknown critical extension" "OCSP応答に未知の重要拡張があります";
    OCSP_RESPONSE_RESPONDER "ocsp_response_responder" Refused 422 "The OCSP response is by neither the issuer nor a delegate of it" "OCSP応答の署名者に権限がありません";
    OCSP_RESPONSE_RESPONDER_EXPIRED "ocsp_response_responder_expired" Refused 422 "The certificate of the OCSP responder is not valid now" "OCSPレスポンダの証明書が有効期間外です";
    OCSP_RESPONSE_SIGNATURE "ocsp_response_signature" Refused 422 "The signature of the OCSP response does not verify" "OCSP応答の署名を検証できません";
    OCSP_RESPONSE_NOT_ANSWERED "ocsp_response_not_answered" Refused 422 "The OCSP response is not about this certificate" "OCSP応答に該当の証明書がありません";
    OCSP_RESPONSE_NONCE "ocsp_response_nonce" Refused 422 "The OCSP response has another nonce" "OCSP応答のノンスが異なります";
    OCSP_RESPONSE_STALE "ocsp_response_stale" Refused 422 "The OCSP response is too old" "OCSP応答が古すぎます";
    OCSP_RESPONSE_EARLY "ocsp_response_early" Refused 422 "The OCSP response is from the future" "OCSP応答の日時が未来です";
    TIME_STAMP_REQUEST_MALFORMED "time_stamp_request_malformed" Refused 422 "Not a request for a time stamp in DER" "DER形式のタイムスタンプ要求ではありません";
    TIME_STAMP_REQUEST_TOO_LONG "time_stamp_request_too_long" Refused 422 "The request for a time stamp is too long" "タイムスタンプ要求が長すぎます";
    TIME_STAMP_REQUEST_VERSION "time_stamp_request_version" Refused 422 "The request for a time stamp has another version than 1" "タイムスタンプ要求の版が異なります";
    TIME_STAMP_REQUEST_HASH "time_stamp_request_hash" Refused 422 "Hashes by SHA-256, SHA-384 and SHA-512 are stamped" "SHA-256、SHA-384、SHA-512のハッシュ値だけに付与します";
    TIME_STAMP_REQUEST_EXTENSION "time_stamp_request_extension" Refused 422 "No extension of requests for time stamps is known" "タイムスタンプ要求の拡張には対応していません";
    TIME_STAMP_MALFORMED "time_stamp_malformed" Refused 422 "Not a time stamp in DER" "DER形式のタイムスタンプではありません";
    TIME_STAMP_REJECTED "time_stamp_rejected" Refused 422 "The authority did not stamp and says so" "タイムスタンプ局が付与を拒みました";
    TIME_STAMP_TYPE "time_stamp_type" Refused 422 "Another thing than a time stamp is signed" "署名の対象がタイムスタンプではありません";
    TIME_STAMP_ALGORITHM "time_stamp_algorithm" Refused 422 "The algorithms of the time stamp are not taken or do not go together" "タイムスタンプのアルゴリズムに対応していません";
    TIME_STAMP_DIGEST "time_stamp_digest" Refused 422 "The signed hash is not that of the time stamp" "署名されたハッシュ値がタイムスタンプと一致しません";
    TIME_STAMP_CERTIFICATE "time_stamp_certificate" Refused 422 "The time stamp names another certificate" "タイムスタンプの署名者証明書が異なります";
    TIME_STAMP_PURPOSE "time_stamp_purpose" Refused 422 "The certificate is not one for time stamps alone" "タイムスタンプ専用の証明書ではありません";
    TIME_STAMP_EXPIRED "time_stamp_expired" Refused 422 "The certificate was not valid when the time stamp was made" "付与時に署名者証明書が有効期間外でした";
    TIME_STAMP_SIGNATURE "time_stamp_signature" Refused 422 "The signature of the time stamp does not verify" "タイムスタンプの署名を検証できません";
    TIME_STAMP_IMPRINT "time_stamp_imprint" Refused 422 "The time stamp is about something else" "タイムスタンプの対象が異なります";
    TIME_STAMP_NONCE "time_stamp_nonce" Refused 422 "The time stamp has another nonce" "タイムスタンプのノンスが異なります";
    TIME_STAMP_POLICY "time_stamp_policy" Refused 422 "The time stamp was made under another policy" "タイムスタンプのポリシーが異なります";
    TIME_STAMP_ABSENT "time_stamp_absent" Absent 404 "There is no such time stamp" "該当するタイムスタンプはありません";
    // the validation of certification paths
    PATH_MALFORMED "path_malformed" Refused 422 "The certificate is not one of RFC 5280 in DER" "証明書がRFC 5280のDER形式ではありません";
    PATH_ISSUER_UNKNOWN "path_issuer_unknown" Refused 422 "No chain of issuers leads to a trust anchor" "信頼点に至る発行者の連鎖がありません";
    PATH_LIMIT "path_limit" Refused 422 "The search for a path was given up at its limits" "認証パスの探索が上限に達しました";
    PATH_SIGNATURE "path_signature" Refused 422 "The signature of the certificate is not its issuer's" "証明書の署名が発行者のものではありません";
    PATH_SIGNATURE_ALGORITHM "path_signature_algorithm" Refused 422 "The signature algorithm of the certificate is not accepted" "証明書の署名方式は認められません";
    PATH_SIGNATURE_WEAK "path_signature_weak" Refused 422 "The signature of the certificate is over SHA-1 or MD5" "証明書の署名がSHA-1又はMD5によるものです";
    PATH_KEY_WEAK "path_key_weak" Refused 422 "The certificate's key is an RSA key of fewer than 2,048 bits" "証明書の鍵が2,048ビット未満のRSA鍵です";
    PATH_KEY "path_key" Refused 422 "The certificate's key is of a kind that is not accepted" "証明書の鍵の種類は認められません";
    PATH_NOT_YET_VALID "path_not_yet_valid" Refused 422 "The certificate is not valid yet" "証明書の有効期間が始まっていません";
    PATH_EXPIRED "path_expired" Refused 422 "The certificate has expired" "証明書の有効期間が満了しています";
    PATH_CRITICAL_EXTENSION "path_critical_extension" Refused 422 "The certificate has a critical extension that is unknown" "証明書に処理できない重要な拡張があります";
    PATH_NOT_A_CA "path_not_a_ca" Refused 422 "An issuer in the chain is not a certificate authority" "連鎖の中の発行者が認証局ではありません";
    PATH_KEY_USAGE "path_key_usage" Refused 422 "An issuer's key may not sign certificates" "発行者の鍵は証明書への署名に使えません";
    PATH_LENGTH "path_length" Refused 422 "The path is longer than an issuer admits" "認証パスが発行者の認める長さを超えています";
    PATH_NAME_CONSTRAINT "path_name_constraint" Refused 422 "A name is outside an issuer's name constraints" "名前が発行者の名前制約に反しています";
    PATH_NAME_FORM "path_name_form" Refused 422 "A name constraint is of a form that is not processed" "処理できない形式の名前制約です";
    PATH_POLICY "path_policy" Refused 422 "No certificate policy that is wanted holds along the path" "求められた証明書ポリシーが認証パスで有効ではありません";
    PATH_POLICY_MAPPING "path_policy_mapping" Refused 422 "A policy mapping names anyPolicy" "ポリシーの対応付けにanyPolicyが使われています";
    PATH_PURPOSE "path_purpose" Refused 422 "The certificate is not for this purpose" "証明書はこの用途に使えません";
    PATH_REVOKED "path_revoked" Refused 422 "The certificate is revoked" "証明書は失効しています";
    PATH_ON_HOLD "path_on_hold" Refused 422 "The certificate is suspended" "証明書は効力が停止されています";
    PATH_REVOCATION_UNKNOWN "path_revocation_unknown" Refused 422 "No revocation list tells the certificate's state" "証明書の失効情報がありません";
    PATH_CRL_MALFORMED "path_crl_malformed" Refused 422 "The revocation list is not one of RFC 5280 in DER" "失効リストがRFC 5280のDER形式ではありません";
    PATH_CRL_SCOPE "path_crl_scope" Refused 422 "No revocation list of the issuer covers the certificate" "発行者の失効リストはこの証明書を対象としていません";
    PATH_CRL_REASONS "path_crl_reasons" Refused 422 "The revocation lists do not cover all reasons" "失効リストがすべての失効事由を対象としていません";
    PATH_CRL_INDIRECT "path_crl_indirect" Refused 422 "The revocation list is indirect" "失効リストが間接型です";
    PATH_CRL_DELTA "path_crl_delta" Refused 422 "A delta list is there without its complete list" "差分の失効リストに対応する完全な失効リストがありません";
    PATH_CRL_CRITICAL_EXTENSION "path_crl_critical_extension" Refused 422 "The revocation list has a critical extension that is unknown" "失効リストに処理できない重要な拡張があります";
    PATH_CRL_NOT_YET_VALID "path_crl_not_yet_valid" Refused 422 "The revocation list is not valid yet" "失効リストの有効期間が始まっていません";
    PATH_CRL_EXPIRED "path_crl_expired" Refused 422 "The revocation list has expired" "失効リストの有効期間が満了しています";
    PATH_CRL_ISSUER "path_crl_issuer" Refused 422 "No key that may sign it speaks for the revocation list's issuer" "失効リストに署名できる発行者の鍵が確認できません";
    PATH_CRL_SIGNATURE "path_crl_signature" Refused 422 "The signature of the revocation list is not its issuer's" "失効リストの署名が発行者のものではありません";
    // keys that follow each other, and ceremonies
    KEY_LABEL_UNKNOWN "key_label_unknown" Refused 422 "The platform uses no such key next" "この名称・世代・種類の鍵は使用されません";
    KEY_NOT_ROTATABLE "key_not_rotatable" Refused 409 "This key cannot be followed by another" "この鍵は更新できません";
    KEY_ROTATION "key_rotation" Refused 409 "The key cannot be rotated so now" "鍵の更新が現在の状態と合いません";
    CEREMONY_FORM "ceremony_form" Refused 422 "The ceremony's file is not well formed" "鍵セレモニーのファイルの形式が正しくありません";
    CEREMONY_UNFIT "ceremony_unfit" Refused 409 "The ceremony does not fit what is so" "鍵セレモニーの内容が現状と合いません";
    SET_DIGEST_EPOCH "set_digest_epoch" Refused 409 "The digest key is of another epoch than the records" "ダイジェスト鍵の世代が異なります";
    SET_DIGEST_MOVING "set_digest_moving" Again 503 "The records are being digested under a new key" "新しい鍵によるダイジェストの再計算中です";

    // key devices
    HSM_UNAVAILABLE "hsm_unavailable" Again 503 "No key device answers in time" "鍵装置が時間内に応答しません";
    HSM_GONE "hsm_gone" Again 503 "The token of a key device is not there" "鍵装置のトークンが取り外されています";
    HSM_ANSWER_WRONG "hsm_answer_wrong" Broken 500 "A key device gave a wrong answer" "鍵装置の応答が正しくありません";
    HSM_MECHANISM "hsm_mechanism" Refused 422 "The key device offers no such mechanism" "鍵装置がこの方式に対応していません";
    HSM_CONFIGURATION "hsm_configuration" Broken 500 "A key device cannot be used as it is configured" "鍵装置の設定が正しくありません";
    // verifiers and the holder's consent
    VERIFIER_ABSENT "verifier_absent" Absent 404 "No verifier of this name is registered" "この名称の署名検証者は登録されていません";
    VERIFIER_EXISTS "verifier_exists" Refused 409 "A verifier of this name is registered, or was" "この名称は既に署名検証者の名称として使われています";
    VERIFIER_UNREGISTERED "verifier_unregistered" Refused 403 "The caller is not registered as a verifier" "署名検証者として登録されていません";
    VERIFIER_SUSPENDED "verifier_suspended" Refused 403 "The verifier is suspended" "署名検証者は利用停止中です";
    VERIFIER_NOT_SUSPENDED "verifier_not_suspended" Refused 409 "The verifier is not suspended" "署名検証者は利用停止中ではありません";
    VERIFIER_ENDED "verifier_ended" Refused 403 "The verifier was struck off" "署名検証者の登録は終了しています";
    VERIFIER_STATE "verifier_state" Refused 409 "The verifier's state does not allow this change" "署名検証者の状態からこの変更はできません";
    VERIFIER_RIGHT "verifier_right" Refused 403 "A verifier of this kind may not ask for this" "この種別の署名検証者にはこの情報を提供できません";
    VERIFIER_APPROVAL "verifier_approval" Refused 422 "A verifier of this kind names the decision that it rests on, or has none" "認定等の表示が種別と合いません";
    VERIFIER_TEXT "verifier_text" Refused 422 "A purpose or decision is one line of 1 to 200 characters" "目的又は認定の表示は1行200文字以内です";
    VERIFIER_PROVIDERS "verifier_providers" Refused 422 "The service providers do not fit the kind of the verifier" "サービスプロバイダの指定が正しくありません";
    VERIFIER_PROVIDER_MISSING "verifier_provider_missing" Refused 422 "A platform operator says for which service provider it asks" "サービスプロバイダの指定が必要です";
    VERIFIER_PROVIDER_UNKNOWN "verifier_provider_unknown" Refused 403 "The verifier does not verify for this service provider" "届出のないサービスプロバイダです";
    CERTIFICATE_LINK_ABSENT "certificate_link_absent" Absent 404 "The holder has no other certificate in force" "対応する有効な電子証明書はありません";
    CONSENT_MALFORMED "consent_malformed" Refused 422 "Not a statement of consent in its one form" "同意書の形式が正しくありません";
    CONSENT_OTHER_VERIFIER "consent_other_verifier" Refused 403 "The consent was given to somebody else" "別の者に対する同意です";
    CONSENT_OTHER_PURPOSE "consent_other_purpose" Refused 403 "The consent was given for another purpose" "別の目的のための同意です";
    CONSENT_EARLY "consent_early" Refused 422 "The consent is from the future" "同意の日時が未来です";
    CONSENT_STALE "consent_stale" Refused 409 "The consent is older than ten minutes" "同意から10分を過ぎています";
    CONSENT_USED "consent_used" Refused 409 "The consent was used before" "使用済みの同意です";
    CONSENT_CERTIFICATE_REVOKED "consent_certificate_revoked" Refused 409 "The consent is signed under a revoked certificate" "失効した電子証明書による同意です";
    CONSENT_CERTIFICATE_HELD "consent_certificate_held" Refused 409 "The consent is signed under a certificate that is held" "一時保留中の電子証明書による同意です";
    CONSENT_CERTIFICATE_EXPIRED "consent_certificate_expired" Refused 409 "The consent is signed under a certificate outside its validity" "有効期間外の電子証明書による同意です";
    CONSENT_SIGNATURE "consent_signature" Refused 422 "The consent is not signed by the certificate's key" "同意の署名を検証できません";
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
