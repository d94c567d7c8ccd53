//! Authorities that follow each other, certificates that are asked for, and the waves that come.

use crate::certifying::{Bureau, operator};
use crate::house::{CHIYODA, CHUO, House, message, on_both, town};
use authority::CertificateKind;
use authority::trigger::Trigger;
use base::{Actor, Problem, Purpose};
use ports::rows::{CertificateId, IntentionHead};
use sekisho_app::authority_init::{AuthorityAsked, authority_init};
use sekisho_app::authority_retire::authority_retire;
use sekisho_app::authority_status::authority_status;
use sekisho_app::certificate_ask::{certificate_ask, certificate_of_key};
use sekisho_app::certificate_end::{certificate_end, certificate_release};
use sekisho_app::certificate_finish::certificate_finish_of;
use sekisho_app::certificate_forecast::certificate_forecast;
use sekisho_app::key_destroy::key_destroy;
use sekisho_app::key_status::{Standing, key_status};
use sekisho_app::number_ask::Whose;
use sekisho_app::{delegate, ocsp};
use std::collections::BTreeMap;
use x509::KeyAlgorithm;

fn label<T>(told: Result<T, Problem>) -> Option<&'static str> {
    told.err().map(|problem| problem.label())
}

fn resident(house: &House) -> numbers::ResidentRecordCode {
    let code = house.stock(CHIYODA, 1).remove(0);
    assert_eq!(house.take_one(&message(CHIYODA, 1, "birth", Some(&code))), "applied");
    code
}

#[test]
fn an_authority_is_retired_when_a_newer_one_issues() {
    on_both(|house| {
        let code = resident(house);
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let retire = |id| house.act(|work| authority_retire(work, &operator(), id));
        assert_eq!(label(retire(1)), Some("authority_not_followed"));
        assert_eq!(label(retire(9)), Some("authority_absent"));
        let kind = CertificateKind::Authentication;
        let asked = AuthorityAsked { kind, algorithm: KeyAlgorithm::P384 };
        let newer = authority_init(&house.platform, &operator(), asked).unwrap();
        assert_eq!(label(retire(newer.id())), Some("authority_not_followed"));
        let before = bureau.intend(kind, &code).unwrap();
        assert_eq!(before.id.authority, newer.id());
        retire(2).unwrap();
        assert_eq!(label(retire(2)), Some("authority_retired"));
        let auditor: Actor = "auditor:a".parse().unwrap();
        let refused = house.act(|work| authority_retire(work, &auditor, 2));
        assert_eq!(label(refused), Some("permit_refused"));
    });
}

/// Delegates renew themselves every twenty days: a token must not fill up with their keys.
#[test]
fn keys_of_delegates_may_go_when_their_certificates_have_ended() {
    on_both(|house| {
        let _bureau = Bureau::open(house, KeyAlgorithm::P256);
        let standings = || -> BTreeMap<String, Standing> {
            let keys = key_status(&house.platform).unwrap().keys;
            keys.into_iter().map(|one| (one.key.label.to_string(), one.standing)).collect()
        };
        let destroy = |label: &str| {
            key_destroy(&house.platform, &operator(), &label.parse().unwrap())
                .map_err(|problem| problem.label())
        };
        delegate::renew(&house.platform).unwrap();
        let first = standings();
        assert_eq!(
            (first["ocsp-1/1"], first["ca-signature/1"]),
            (Standing::InUse, Standing::InUse)
        );
        for label in ["ocsp-1/1", "time-stamp-1/1", "ca-signature/1"] {
            assert_eq!(destroy(label), Err("key_in_use"), "{label}");
        }
        house.clock.pass_hours(21 * 24);
        delegate::renew(&house.platform).unwrap();
        assert!(matches!(standings()["ocsp-1/1"], Standing::Former(_)));
        assert_eq!(standings()["ocsp-1/2"], Standing::InUse);
        assert_eq!(destroy("ocsp-1/1"), Err("key_in_use"));
        house.clock.pass_hours(10 * 24);
        for label in ["ocsp-1/1", "time-stamp-1/1"] {
            assert_eq!(standings()[label], Standing::Done, "{label}");
            destroy(label).unwrap();
        }
        delegate::renew(&house.platform).unwrap();
        assert!(!standings().contains_key("ocsp-1/1"), "it does not come again");
        let kind = CertificateKind::Signature;
        let asked = AuthorityAsked { kind, algorithm: KeyAlgorithm::P384 };
        authority_init(&house.platform, &operator(), asked).unwrap();
        house.act(|work| authority_retire(work, &operator(), 1)).unwrap();
        assert!(matches!(standings()["ca-signature/1"], Standing::Former(_)));
        assert_eq!(destroy("ca-signature/1"), Err("key_in_use"));
    });
}

/// What others rely on: lists that have not ended, a responder that is good.
#[test]
fn the_status_of_an_authority_tells_what_has_ended() {
    on_both(|house| {
        let code = resident(house);
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        bureau.issue(CertificateKind::Signature, &code);
        let status = || authority_status(&house.platform).unwrap().remove(0);
        let lists = &bureau.lists;
        lists.make_due().unwrap();
        delegate::renew(&house.platform).unwrap();
        let now = house.platform.clock.now();
        let fresh = status();
        assert!(fresh.holds(now), "{fresh:?}");
        assert_eq!((fresh.unrevoked, fresh.counts.revoked, fresh.lists.len()), (1, 0, 2));
        // Two days without anybody who makes lists, and they have ended.
        house.clock.pass_hours(49);
        let now = house.platform.clock.now();
        let late = status();
        assert!(!late.holds(now) && late.first_list_ends() < Some(now));
        assert_eq!((late.lists_ended(now), late.lists_due(now)), (2, 2));
        lists.make_due().unwrap();
        assert!(status().holds(now));
        // A month, and the responder has.
        house.clock.pass_hours(31 * 24);
        lists.make_due().unwrap();
        let now = house.platform.clock.now();
        assert!(!status().holds(now) && status().lists_ended(now) == 0);
        delegate::renew(&house.platform).unwrap();
        assert!(status().holds(now));
    });
}

#[test]
fn certificates_are_told_to_those_who_may_know_of_them() {
    on_both(|house| {
        let code = resident(house);
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let issued = bureau.issue(CertificateKind::Authentication, &code);
        let ask = |actor: &Actor, id| {
            house.act(|work| certificate_ask(work, actor, Purpose::Certification, id))
        };
        let [own, other] = [CHIYODA, CHUO].map(|code| Actor::Municipality(town(code)));
        for actor in [&own, &operator()] {
            assert_eq!(ask(actor, issued.id).unwrap().certificate, issued.certificate);
        }
        assert_eq!(label(ask(&other, issued.id)), Some("certificate_absent"));
        let nobody = CertificateId { authority: 1, serial: 999 };
        assert_eq!(label(ask(&own, nobody)), Some("certificate_absent"));
        assert_eq!(label(ask(&"agency:nta".parse().unwrap(), issued.id)), Some("permit_refused"));
        let left = bureau.intend(CertificateKind::Signature, &code).unwrap();
        assert_eq!(label(ask(&own, left.id)), Some("certificate_unready"));
        let whose = Whose::Code(code);
        let key = x509::Certificate::parse(&issued.certificate).unwrap().public_key().unwrap();
        let key = x509::sha256(&key.to_spki());
        let again = |actor: &Actor, kind| {
            let asked = (&whose, kind, &key);
            house.act(|work| certificate_of_key(work, actor, Purpose::Certification, asked))
        };
        let (id, told) = again(&own, CertificateKind::Authentication).unwrap();
        assert_eq!((id, told.certificate), (issued.id, issued.certificate));
        let refused = again(&own, CertificateKind::Signature);
        assert_eq!(label(refused), Some("certificate_key_used"));
        let refused = again(&other, CertificateKind::Authentication);
        assert_eq!(label(refused), Some("resident_absent"));
    });
}

#[test]
fn only_what_is_in_force_is_told_again() {
    on_both(|house| {
        let (code, own) = (resident(house), Actor::Municipality(town(CHIYODA)));
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let (kind, purpose) = (CertificateKind::Authentication, Purpose::Certification);
        let whose = Whose::Code(code.clone());
        let intended = bureau.intend(kind, &code).unwrap();
        let key = head_of(house, intended.id).key_digest;
        let again =
            || house.act(|work| certificate_of_key(work, &own, purpose, (&whose, kind, &key)));
        assert_eq!(label(again()), Some("certificate_unready"));
        certificate_finish_of(&house.platform, &key).unwrap();
        certificate_finish_of(&house.platform, &[0; 32]).unwrap();
        assert_eq!(again().unwrap().0, intended.id);
        let end = |trigger| {
            house.act(|work| certificate_end(work, &own, purpose, (&whose, trigger))).unwrap();
        };
        end(Trigger::ReportedMissing);
        assert_eq!(label(again()), Some("certificate_key_used"), "it is held");
        house.act(|work| certificate_release(work, &own, purpose, (&whose, kind))).unwrap();
        assert_eq!(again().unwrap().0, intended.id);
        end(Trigger::CardLost);
        assert_eq!(label(again()), Some("certificate_key_used"), "it is revoked");
    });
}

fn head_of(house: &House, id: CertificateId) -> IntentionHead {
    let mut found = None;
    let read = &mut |view: &mut dyn ports::View| {
        found = view.intention_heads(&[id])?.pop().flatten();
        Ok(())
    };
    house.platform.store.snapshot("test", read).unwrap();
    found.unwrap()
}

#[test]
fn who_has_a_certificate_is_in_the_forecast_of_its_week() {
    on_both(|house| {
        let code = resident(house);
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let issued = bureau.issue(CertificateKind::Authentication, &code);
        bureau.told(&issued);
        let forecast = |weeks, only| certificate_forecast(&house.platform, weeks, only).unwrap();
        let soon = forecast(4, None);
        assert!(soon.waves.is_empty());
        let far = forecast(600, None);
        assert_eq!(far.waves.len(), 1);
        let wave = &far.waves[0];
        assert_eq!((wave.municipality, wave.level), (town(CHIYODA), 1));
        let expiring: Vec<_> = wave.weeks.iter().filter(|week| week.expiring > 0).collect();
        let end = x509::Certificate::parse(&issued.certificate).unwrap().not_after();
        let days = end.date_in_japan().since(expiring[0].monday).unwrap().get_days();
        assert_eq!((expiring.len(), (0..7).contains(&days)), (1, true));
        assert!(forecast(600, Some(town(CHUO))).waves.is_empty());
        assert_eq!(ocsp::forget_ended(&house.platform).unwrap(), 0);
        house.clock.pass_hours(13);
        assert_eq!(ocsp::forget_ended(&house.platform).unwrap(), 1);
    });
}
