//! Verifiers: registered, suspended and struck off; what they are told and refused; and that the
//! holder sees each question.

use crate::house::{CHIYODA, CHUO, House, message, on_both, town};
use authority::CertificateKind;
use authority::certificate::{Card, Standing};
use authority::explain::Reason;
use authority::trigger::{RevocationReason, Trigger};
use authority::verifier::consent::{Nonce, Statement};
use authority::verifier::{Change, Filing, VerifierKind, VerifierState};
use base::{Actor, Clock, Problem, Purpose};
use keys::{OsEntropy, SoftKeyStore};
use numbers::ResidentRecordCode;
use ports::{KeyKind, KeyStore};
use sekisho_app::attributes_ask::{AttributesAsked, AttributesTold, attributes_ask};
use sekisho_app::authority_init::{AuthorityAsked, authority_init};
use sekisho_app::certificate_end::certificate_end;
use sekisho_app::certificate_explain::{ExplainAsked, Explained, certificate_explain};
use sekisho_app::certificate_issue::{CertificateAsked, Issued, conclude, intend, sign};
use sekisho_app::certificate_link_ask::{LinkAsked, LinkTold, certificate_link_ask};
use sekisho_app::certificate_status_ask::{StatusAnswer, StatusAsked, certificate_status_ask};
use sekisho_app::number_ask::Whose;
use sekisho_app::subject_acts::subject_acts;
use sekisho_app::token_issue::token_issue;
use sekisho_app::verifiers::{verifier_change, verifier_register, verifiers};
use sekisho_app::{CertificateNamed, Work};
use x509::{CertificationRequest, KeyAlgorithm, Name, assemble, encode_request_info};
use zeroize::Zeroizing;

/// Two residents of Chiyoda, the first with both certificates and the keys of both.
struct Bureau<'a> {
    house: &'a House,
    codes: Vec<ResidentRecordCode>,
    keys: SoftKeyStore,
    signature: Issued,
    authentication: Issued,
}

impl<'a> Bureau<'a> {
    fn open(house: &'a House) -> Self {
        let codes = house.stock(CHIYODA, 2);
        for (sequence, code) in (1..).zip(&codes) {
            assert_eq!(house.take_one(&message(CHIYODA, sequence, "birth", Some(code))), "applied");
        }
        for kind in CertificateKind::ALL {
            let asked = AuthorityAsked { kind, algorithm: KeyAlgorithm::P256 };
            authority_init(&house.platform, &operator(), asked).unwrap();
        }
        let keys = SoftKeyStore::in_memory();
        let [signature, authentication] =
            CertificateKind::ALL.map(|kind| issue(house, &keys, (kind, kind.word()), &codes[0]));
        let bureau = Self { house, codes, keys, signature, authentication };
        bureau.register("bank-1", VerifierKind::ApprovedFirm);
        bureau
    }

    fn register(&self, name: &str, kind: VerifierKind) {
        let filing = filing(kind);
        let register = |work: &mut Work<'_>| verifier_register(work, &operator(), name, &filing);
        self.house.act(register).unwrap();
    }

    fn change(&self, name: &str, change: Change) -> Result<VerifierState, Problem> {
        let changed = self.house.act(|work| verifier_change(work, &operator(), name, change));
        changed.map(|(_, state)| state)
    }

    fn status(&self, by: &str, named: Vec<CertificateNamed>) -> Result<StatusAnswer, Problem> {
        let asked = StatusAsked { provider: None, certificates: named };
        told(self.house, |work| certificate_status_ask(work, &verifier(by), VERIFYING, &asked))
    }

    fn standing(&self, issued: &Issued) -> Standing {
        self.status("bank-1", vec![shown(issued)]).unwrap().told[0].standing
    }

    fn link(&self, by: &str, certificate: CertificateNamed) -> Result<LinkTold, Problem> {
        let asked = LinkAsked { provider: None, certificate };
        told(self.house, |work| certificate_link_ask(work, &verifier(by), VERIFYING, &asked))
    }

    /// A fresh statement under a certificate of the first resident.
    fn statement(&self, of: &Issued, nonce: u8) -> Statement {
        let CertificateNamed::Number { issuer, serial } = numbered(of) else { panic!() };
        Statement {
            verifier: "bank-1".into(),
            provider: None,
            purpose: PURPOSE.parse().unwrap(),
            issuer,
            serial,
            at: self.house.clock.now(),
            nonce: Nonce::new(&[nonce; 16]),
        }
    }

    fn signed(&self, statement: Statement, key: CertificateKind) -> AttributesAsked {
        let label = key.word().parse().unwrap();
        let signature = self.keys.sign(&label, statement.to_string().as_bytes()).unwrap();
        AttributesAsked { statement, signature }
    }

    fn ask(&self, by: &str, asked: &AttributesAsked) -> Result<AttributesTold, Problem> {
        told(self.house, |work| attributes_ask(work, &verifier(by), VERIFYING, asked))
    }

    fn refused(&self, by: &str, asked: &AttributesAsked) -> &'static str {
        self.ask(by, asked).unwrap_err().label()
    }

    fn explain(&self, by: &Actor, file: &[u8]) -> Result<Explained, Problem> {
        let asked = ExplainAsked { file: Zeroizing::new(file.to_vec()), wanted: None };
        let purpose = Purpose::Certification;
        told(self.house, |work| certificate_explain(work, by, purpose, &asked))
    }

    /// What the first resident sees, as `actor action outcome`, since an act.
    fn seen(&self) -> Vec<String> {
        let whose = Whose::Code(self.codes[0].clone());
        let chiyoda = Actor::Municipality(town(CHIYODA));
        let looking =
            self.house.act(|work| subject_acts(work, &chiyoda, Purpose::Disclosure, &whose));
        let acts = looking.unwrap().page(&self.house.platform, None, 1_000).unwrap();
        let shown = acts.iter().map(|act| {
            let fields = act.leaf.fields();
            format!("{} {} {}", fields.actor, fields.act, fields.outcome)
        });
        shown.filter(|line| line.starts_with("verifier:")).collect()
    }

    fn acts(&self) -> u64 {
        let mut count = 0;
        let count_acts = &mut |view: &mut dyn ports::View| {
            count = view.act_count()?;
            Ok(())
        };
        self.house.platform.store.snapshot("test", count_acts).unwrap();
        count
    }
}

/// Issues a certificate whose key stays in `keys` under a label.
fn issue(
    house: &House,
    keys: &SoftKeyStore,
    (kind, label): (CertificateKind, &str),
    code: &ResidentRecordCode,
) -> Issued {
    let label = label.parse().unwrap();
    let what = KeyKind::Sign(KeyAlgorithm::P256);
    let at = base::Moment::from_us(0);
    let public = keys.generate(&label, what, at, &mut OsEntropy::new()).unwrap().public.unwrap();
    let subject = Name::new([(x509::COMMON_NAME, "whatever")]).unwrap();
    let info = encode_request_info(&subject, &public);
    let der = assemble(&info, KeyAlgorithm::P256, &keys.sign(&label, &info).unwrap());
    let asked = CertificateAsked {
        kind,
        whose: Whose::Code(code.clone()),
        key: CertificationRequest::parse(&der).unwrap().into_key(),
        card: Card { end: "2035-04-01".parse().unwrap(), has_pins: true },
        is_ward: false,
        algorithm: None,
    };
    let chiyoda = Actor::Municipality(town(CHIYODA));
    let intended = house.act(|work| intend(work, &chiyoda, Purpose::Certification, &asked));
    let intended = intended.unwrap();
    let signed = sign(&house.platform, &intended).unwrap();
    house.act(|work| conclude(work, &signed)).unwrap()
}

/// What a caller is told; a refusal is committed with its entry, as through the committer.
fn told<T>(
    house: &House,
    mut ask: impl FnMut(&mut Work<'_>) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let asked = house.act(|work| {
        let before = work.mark();
        let told = ask(work);
        assert!(told.is_ok() || work.mark() == before, "a refusal leaves its entry alone");
        Ok(told)
    });
    asked.unwrap()
}

fn filing(kind: VerifierKind) -> Filing {
    let approval = kind.needs_approval().then(|| "主務大臣認定第１号".parse().unwrap());
    let provider = || format!("shop={PURPOSE}").parse().unwrap();
    let providers = if kind.has_providers() { vec![provider()] } else { Vec::new() };
    Filing::new(kind, PURPOSE.parse().unwrap(), approval, providers).unwrap()
}

fn operator() -> Actor {
    "operator:k.sato".parse().unwrap()
}

fn verifier(name: &str) -> Actor {
    format!("verifier:{name}").parse().unwrap()
}

fn shown(issued: &Issued) -> CertificateNamed {
    CertificateNamed::shown(issued.certificate.to_vec()).unwrap()
}

fn numbered(issued: &Issued) -> CertificateNamed {
    let read = x509::Certificate::parse(&issued.certificate).unwrap();
    let key = read.extension(&x509::extension_id::AUTHORITY_KEY_IDENTIFIER).unwrap().value;
    let at = key.windows(2).position(|two| two == [0x80, 20]).unwrap() + 2;
    let issuer = key[at..at + 20].try_into().unwrap();
    CertificateNamed::Number { issuer, serial: issued.id.serial }
}

const VERIFYING: Purpose = Purpose::SignatureVerification;
const PURPOSE: &str = "口座開設時の本人確認";

#[test]
fn a_verifier_is_told_how_certificates_stand_and_the_holder_sees_it() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        let CertificateNamed::Number { issuer, .. } = numbered(&bureau.signature) else { panic!() };
        let mut spoiled = bureau.signature.certificate.to_vec();
        *spoiled.last_mut().unwrap() ^= 1;
        let named = vec![
            shown(&bureau.signature),
            numbered(&bureau.authentication),
            CertificateNamed::Number { issuer, serial: 999 },
            CertificateNamed::Number { issuer: [7; 20], serial: 1 },
            CertificateNamed::Number { issuer, serial: u64::MAX },
            CertificateNamed::Shown(Zeroizing::new(spoiled)),
        ];
        let before = bureau.acts();
        let answer = bureau.status("bank-1", named).unwrap();
        let standings: Vec<_> = answer.told.iter().map(|told| told.standing).collect();
        let unknown = Standing::NotIssued;
        let good = Standing::Good;
        assert_eq!(standings, [good, good, unknown, unknown, unknown, unknown]);
        assert!(answer.told[0].not_after.is_some(), "told to who shows it");
        assert!(answer.told[1].not_after.is_none(), "a birthday is not told for a number");
        assert_eq!(bureau.acts() - before, 6, "an act for each");
        let seen = "verifier:bank-1 certificate_status_ask read";
        assert_eq!(bureau.seen(), [seen, seen], "only those about the resident");
        assert!(!format!("{answer:?} {:?}", shown(&bureau.signature)).contains("2031"));
        assert_eq!(house.faults(), [""; 0]);
    });
}

#[test]
fn what_ends_is_told_with_its_time() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        house.clock.pass_hours(1);
        let whose = Whose::Code(bureau.codes[0].clone());
        let missing = (&whose, Trigger::ReportedMissing);
        let at = house.clock.now();
        house
            .act(|work| certificate_end(work, &operator(), Purpose::Certification, missing))
            .unwrap();
        assert_eq!(bureau.standing(&bureau.signature), Standing::Held(at));
        house.clock.pass_hours(1);
        let at = house.clock.now();
        house.take_one(&message(CHIYODA, 3, "move_out", Some(&bureau.codes[0])));
        let moved = Standing::Revoked(at, RevocationReason::AffiliationChanged);
        assert_eq!(bureau.standing(&bureau.signature), moved);
        house.clock.pass_hours(24 * 366 * 6);
        assert_eq!(bureau.standing(&bureau.signature), moved);
        assert_eq!(bureau.standing(&bureau.authentication), Standing::Expired);
    });
}

#[test]
fn who_is_not_registered_or_suspended_is_refused_on_record() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        let named = || vec![shown(&bureau.signature)];
        let label = |by: &str| {
            let before = bureau.acts();
            let refused = bureau.status(by, named()).unwrap_err().label();
            assert_eq!(bureau.acts() - before, 1, "on record");
            assert_eq!(bureau.link(by, shown(&bureau.signature)).unwrap_err().label(), refused);
            let statement = bureau.statement(&bureau.authentication, 1);
            let asked = bureau.signed(statement, CertificateKind::Authentication);
            assert_eq!(bureau.refused(by, &asked), refused);
            refused
        };
        assert_eq!(label("stranger"), "verifier_unregistered");
        assert_eq!(
            bureau.change("bank-1", Change::Resume).unwrap_err().label(),
            "verifier_not_suspended"
        );
        assert_eq!(bureau.change("bank-1", Change::Suspend), Ok(VerifierState::Suspended));
        assert_eq!(label("bank-1"), "verifier_suspended");
        assert_eq!(bureau.change("bank-1", Change::Suspend).unwrap_err().label(), "verifier_state");
        assert_eq!(bureau.change("bank-1", Change::Resume), Ok(VerifierState::Registered));
        assert!(bureau.status("bank-1", named()).is_ok());
        assert_eq!(bureau.change("bank-1", Change::End), Ok(VerifierState::Ended));
        assert_eq!(label("bank-1"), "verifier_ended");
        assert_eq!(bureau.change("bank-1", Change::Resume).unwrap_err().label(), "verifier_state");
        assert_eq!(bureau.change("nobody", Change::End).unwrap_err().label(), "verifier_absent");
        let again = house.act(|work| {
            verifier_register(work, &operator(), "bank-1", &filing(VerifierKind::Court))
        });
        assert_eq!(again.unwrap_err().label(), "verifier_exists");
        let bad = |by: &Actor, name: &str| {
            let filing = filing(VerifierKind::Court);
            house.act(|work| verifier_register(work, by, name, &filing)).unwrap_err().label()
        };
        assert_eq!(bad(&operator(), "Bank 1"), "actor_name");
        assert_eq!(bad(&verifier("bank-1"), "court"), "permit_refused");
        let all = verifiers(&house.platform).unwrap();
        let all: Vec<_> = all.iter().map(|one| (one.name.as_str(), one.state)).collect();
        assert_eq!(all, [("bank-1", VerifierState::Ended)]);
        assert_eq!(house.faults(), [""; 0]);
    });
}

#[test]
fn a_token_is_for_registered_verifiers() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        let token = |name: &str| {
            let before = bureau.acts();
            let issued = told(house, |work| token_issue(work, &operator(), &verifier(name), b"x"));
            assert_eq!(bureau.acts() - before, 1, "on record");
            issued.map(drop).map_err(|problem| problem.label())
        };
        assert_eq!(token("bank-1"), Ok(()));
        assert_eq!(token("stranger"), Err("verifier_unregistered"));
        bureau.change("bank-1", Change::Suspend).unwrap();
        assert_eq!(token("bank-1"), Err("verifier_suspended"));
    });
}

#[test]
fn one_certificate_leads_to_the_other_in_force() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        let (signature, authentication) = (&bureau.signature, &bureau.authentication);
        let told = bureau.link("bank-1", shown(signature)).unwrap();
        let CertificateNamed::Number { issuer, serial } = numbered(authentication) else {
            panic!()
        };
        assert_eq!((told.kind, told.issuer), (CertificateKind::Authentication, issuer));
        assert_eq!(told.serial, serial);
        let back = bureau.link("bank-1", numbered(authentication)).unwrap();
        assert_eq!((back.kind, back.serial), (CertificateKind::Signature, signature.id.serial));
        house.clock.pass_hours(1);
        house.take_one(&message(CHIYODA, 3, "move_out", Some(&bureau.codes[0])));
        let label = |named| bureau.link("bank-1", named).unwrap_err().label();
        assert_eq!(label(shown(authentication)), "certificate_link_absent");
        // The one that ended leads on: an account is found again after a move.
        assert_eq!(bureau.link("bank-1", shown(signature)).unwrap().serial, serial);
        let nobody = CertificateNamed::Number { issuer, serial: 999 };
        assert_eq!(label(nobody), "certificate_absent");
        bureau.register("union", VerifierKind::ProfessionalAssociation);
        let refused = bureau.link("union", shown(signature)).unwrap_err();
        assert_eq!(refused.label(), "verifier_right");
        let act = |outcome| format!("verifier:bank-1 certificate_link_ask {outcome}");
        let absent = act("refused:certificate_link_absent");
        assert_eq!(bureau.seen(), [act("read"), act("read"), absent, act("read")]);
    });
}

#[test]
fn with_consent_the_present_attributes_are_told_once() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        for (nonce, kind) in (1..).zip(CertificateKind::ALL) {
            let of = match kind {
                CertificateKind::Signature => &bureau.signature,
                CertificateKind::Authentication => &bureau.authentication,
            };
            let asked = bureau.signed(bureau.statement(of, nonce), kind);
            let told = bureau.ask("bank-1", &asked).unwrap();
            assert_eq!(told.name.reveal(), "山田　太郎");
            assert_eq!(told.address.reveal(), "東京都千代田区霞が関一丁目２番３号");
            assert_eq!(told.birth_date.to_string(), "1990-04-01");
            assert_eq!(bureau.refused("bank-1", &asked), "consent_used");
            assert!(!format!("{told:?}").contains("1990"));
            // Another signature over the same statement is no other consent.
            let again = bureau.signed(asked.statement.clone(), kind);
            assert_eq!(bureau.refused("bank-1", &again), "consent_used");
        }
        let read = "verifier:bank-1 attributes_ask read";
        let used = "verifier:bank-1 attributes_ask refused:consent_used";
        assert_eq!(bureau.seen(), [read, used, used, read, used, used]);
        assert_eq!(house.faults(), [""; 0]);
    });
}

#[test]
fn a_consent_that_lacks_something_opens_nothing() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        bureau.register("bank-2", VerifierKind::ApprovedFirm);
        let of = &bureau.authentication;
        let kind = CertificateKind::Authentication;
        let spoiled = |spoil: &dyn Fn(&mut Statement)| {
            let mut statement = bureau.statement(of, 9);
            spoil(&mut statement);
            bureau.refused("bank-1", &bureau.signed(statement, kind))
        };
        let back = |s: i64| move |one: &mut Statement| one.at = one.at.plus_us(-s * 1_000_000);
        assert_eq!(spoiled(&back(601)), "consent_stale");
        assert_eq!(spoiled(&back(-1)), "consent_early");
        assert_eq!(spoiled(&|one| one.purpose = "広告".parse().unwrap()), "consent_other_purpose");
        assert_eq!(spoiled(&|one| one.provider = Some("shop".into())), "verifier_provider_unknown");
        assert_eq!(spoiled(&|one| one.serial = 999), "certificate_absent");
        let good = bureau.signed(bureau.statement(of, 9), kind);
        assert_eq!(bureau.refused("bank-2", &good), "consent_other_verifier");
        let other = bureau.signed(bureau.statement(of, 9), CertificateKind::Signature);
        assert_eq!(bureau.refused("bank-1", &other), "consent_signature");
        let nonce = bureau.statement(of, 8);
        let moved = AttributesAsked { statement: nonce, ..good.clone() };
        assert_eq!(bureau.refused("bank-1", &moved), "consent_signature");
        assert!(bureau.ask("bank-1", &good).is_ok(), "what was refused was not used up");
        house.clock.pass_hours(1);
        let whose = Whose::Code(bureau.codes[0].clone());
        let missing = (&whose, Trigger::ReportedMissing);
        let certification = Purpose::Certification;
        house.act(|work| certificate_end(work, &operator(), certification, missing)).unwrap();
        assert_eq!(spoiled(&|_| ()), "consent_certificate_held");
        house.clock.pass_hours(1);
        house.take_one(&message(CHIYODA, 3, "death", Some(&bureau.codes[0])));
        assert_eq!(spoiled(&|_| ()), "consent_certificate_revoked");
        assert_eq!(house.faults(), [""; 0]);
    });
}

#[test]
fn a_platform_operator_asks_for_a_provider_by_name() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        bureau.register("platform-1", VerifierKind::PlatformOperator);
        let ask = |provider: Option<&str>| {
            let provider = provider.map(str::to_owned);
            let asked = StatusAsked { provider, certificates: vec![shown(&bureau.signature)] };
            let by = verifier("platform-1");
            let told = told(house, |work| certificate_status_ask(work, &by, VERIFYING, &asked));
            told.map(drop).map_err(|problem| problem.label())
        };
        assert_eq!(ask(None), Err("verifier_provider_missing"));
        assert_eq!(ask(Some("other")), Err("verifier_provider_unknown"));
        assert_eq!(ask(Some("shop")), Ok(()));
        let (of, kind) = (&bureau.authentication, CertificateKind::Authentication);
        let statement = Statement {
            verifier: "platform-1".into(),
            provider: Some("shop".into()),
            ..bureau.statement(of, 3)
        };
        assert!(bureau.ask("platform-1", &bureau.signed(statement, kind)).is_ok());
    });
}

#[test]
fn why_a_certificate_is_not_valid_is_told_to_operator_and_municipality() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        let der = &bureau.signature.certificate;
        let chiyoda = Actor::Municipality(town(CHIYODA));
        let chuo = Actor::Municipality(town(CHUO));
        assert_eq!(bureau.explain(&operator(), der).unwrap().reasons, []);
        assert_eq!(bureau.explain(&chiyoda, der).unwrap().reasons, []);
        assert_eq!(bureau.explain(&chuo, der).unwrap_err().label(), "certificate_absent");
        let refused = bureau.explain(&verifier("bank-1"), der).unwrap_err();
        assert_eq!(refused.label(), "permit_refused");
        assert_eq!(bureau.explain(&chuo, b"none").unwrap().reasons, [Reason::Malformed]);
        let mut spoiled = der.to_vec();
        *spoiled.last_mut().unwrap() ^= 1;
        let told = bureau.explain(&operator(), &spoiled).unwrap().reasons;
        assert_eq!(told, [Reason::SignatureWrong]);
        house.clock.pass_hours(1);
        let at = house.clock.now();
        house.take_one(&message(CHIYODA, 3, "move_out", Some(&bureau.codes[0])));
        let reasons = bureau.explain(&operator(), der).unwrap().reasons;
        assert_eq!(reasons, [Reason::Revoked(at, RevocationReason::AffiliationChanged)]);
        let mut authorities = Vec::new();
        house
            .platform
            .store
            .snapshot("test", &mut |view| {
                authorities = ports::CertificateView::authorities(view)?;
                Ok(())
            })
            .unwrap();
        let own = bureau.explain(&operator(), &authorities[0].certificate).unwrap().reasons;
        assert_eq!(own, [Reason::NoPurpose]);
        assert_eq!(house.faults(), [""; 0]);
    });
}

/// A thousand at once, and no more.
#[test]
fn a_batch_has_its_bounds() {
    on_both(|house| {
        let bureau = Bureau::open(house);
        let CertificateNamed::Number { issuer, .. } = numbered(&bureau.signature) else { panic!() };
        let ask = |count: u64| {
            let named = (1..=count).map(|serial| CertificateNamed::Number { issuer, serial });
            bureau.status("bank-1", named.collect())
        };
        let answer = ask(1_000).unwrap();
        let good = answer.told.iter().filter(|told| told.standing == Standing::Good).count();
        assert_eq!((answer.told.len(), good), (1_000, 1));
        assert_eq!(ask(0).unwrap_err().label(), "request_malformed");
        assert_eq!(ask(1_001).unwrap_err().label(), "request_malformed");
    });
}

/// Each damage to the register is named, and what its acts say is enough to find it.
#[test]
fn the_register_stands_as_its_acts_say() {
    on_both(|house| {
        let operator = operator();
        let register = |name: &str, kind| {
            let filing = filing(kind);
            house.act(|work| verifier_register(work, &operator, name, &filing)).unwrap();
            house.clock.pass_seconds(1);
        };
        let change = |name: &str, change| {
            house.act(|work| verifier_change(work, &operator, name, change)).unwrap();
            house.clock.pass_seconds(1);
        };
        register("bank-1", VerifierKind::ApprovedFirm);
        register("court-1", VerifierKind::Court);
        change("bank-1", Change::Suspend);
        change("bank-1", Change::Resume);
        register("bank-2", VerifierKind::ApprovedFirm);
        change("bank-2", Change::End);
        let report = sekisho_app::verify::verify(&house.platform, &mut |_| ()).unwrap();
        assert_eq!((report.faults, report.verifiers), (Vec::new(), 3));
        for (damage, faults) in DAMAGES {
            house.raw_past_triggers(
                "CREATE TABLE kept_verifier AS SELECT * FROM verifier; \
                 CREATE TABLE kept_setting AS SELECT * FROM setting;",
            );
            house.raw_past_triggers(damage);
            let told = house.faults();
            house.raw_past_triggers(
                "DELETE FROM verifier; INSERT INTO verifier SELECT * FROM kept_verifier; \
                 DELETE FROM setting; INSERT INTO setting SELECT * FROM kept_setting; \
                 DROP TABLE kept_verifier; DROP TABLE kept_setting;",
            );
            assert_eq!(told, *faults, "{}: {damage}", house.platform.store.kind());
        }
    });
}

const DAMAGES: &[(&str, &[&str])] = &[
    (
        "UPDATE verifier SET state = 1 WHERE name = 'bank-2'",
        &["verifier bank-2: stands otherwise than its acts say"],
    ),
    (
        "UPDATE verifier SET since = since - 1 WHERE name = 'bank-1'",
        &["verifier bank-1: stands otherwise than its acts say"],
    ),
    (
        "UPDATE verifier SET act = act - 1 WHERE name = 'court-1'",
        &["verifier court-1: stands otherwise than its acts say"],
    ),
    (
        "UPDATE verifier SET kind = 4 WHERE name = 'bank-1'",
        &["verifier bank-1: its filing is another one"],
    ),
    (
        "UPDATE setting SET value = (SELECT value FROM kept_setting \
         WHERE name = 'verifier_filing/court-1') WHERE name = 'verifier_filing/bank-1'",
        &[
            "verifier bank-1: its filing is another one",
            "act 0: no verifier is as it says",
            "verifier bank-1: no act registered it",
        ],
    ),
    ("DELETE FROM verifier WHERE name = 'court-1'", &["act 1: no verifier is as it says"]),
    (
        "INSERT INTO verifier SELECT 'bank-3', kind, state, since, act FROM kept_verifier \
         WHERE name = 'bank-1'; INSERT INTO setting SELECT 'verifier_filing/bank-3', value \
         FROM kept_setting WHERE name = 'verifier_filing/bank-1'",
        &["verifier bank-3: no act registered it"],
    ),
];
