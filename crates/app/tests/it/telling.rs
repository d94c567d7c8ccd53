//! What is told about certificates and by time stamps, on both stores: to whom, with what on
//! record, and from which clock.

use crate::house::{CHIYODA, CHUO, House, message, on_both, town};
use authority::CertificateKind;
use authority::certificate::{Card, State};
use base::{Actor, Problem, Purpose};
use keys::{OsEntropy, SoftKeyStore};
use numbers::ResidentRecordCode;
use ports::{KeyKind, KeyStore, Publication};
use sekisho_app::Publisher;
use sekisho_app::authority_init::{AuthorityAsked, authority_init};
use sekisho_app::certificate_finish::{certificate_again, signed};
use sekisho_app::certificate_issue::{CertificateAsked, conclude, intend, sign};
use sekisho_app::certificate_list::{CertificatesTold, certificate_list};
use sekisho_app::checkpoint_stamp::{newest_stamp, published_stamp, published_text};
use sekisho_app::number_ask::Whose;
use sekisho_app::time_stamp::Stamper;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use store::PublicationDirectory;
use x509::{
    Imprint, ImprintHash, KeyAlgorithm, Name, TimeStamp, TimeStampFailure, TimeStampRequest,
    assemble, encode_request_info,
};

fn found(house: &House, kind: CertificateKind) {
    let operator: Actor = "operator:k.sato".parse().unwrap();
    let asked = AuthorityAsked { kind, algorithm: KeyAlgorithm::P256 };
    authority_init(&house.platform, &operator, asked).unwrap();
}

fn asked(code: &ResidentRecordCode) -> CertificateAsked {
    let keys = SoftKeyStore::in_memory();
    let label = "holder".parse().unwrap();
    let (kind, at) = (KeyKind::Sign(KeyAlgorithm::P256), base::Moment::from_us(0));
    let public = keys.generate(&label, kind, at, &mut OsEntropy::new()).unwrap().public.unwrap();
    let info = encode_request_info(&Name::new([(x509::COMMON_NAME, "x")]).unwrap(), &public);
    let der = assemble(&info, KeyAlgorithm::P256, &keys.sign(&label, &info).unwrap());
    CertificateAsked {
        kind: CertificateKind::Authentication,
        whose: Whose::Code(code.clone()),
        key: x509::CertificationRequest::parse(&der).unwrap().into_key(),
        card: Card { end: "2035-04-01".parse().unwrap(), has_pins: true },
        is_ward: false,
        algorithm: None,
    }
}

fn list(house: &House, of: &str, code: &ResidentRecordCode) -> Result<CertificatesTold, Problem> {
    let (actor, whose) = (Actor::Municipality(town(of)), Whose::Code(code.clone()));
    house.act(|work| certificate_list(work, &actor, Purpose::Certification, &whose))
}

fn acts_of(house: &House) -> u64 {
    let mut count = 0;
    let store = &house.platform.store;
    let read = &mut |view: &mut dyn ports::View| {
        count = view.act_count()?;
        Ok(())
    };
    store.snapshot("test", read).unwrap();
    count
}

#[test]
fn certificates_are_listed_and_told_again_to_their_municipality_alone() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 1);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&codes[0])));
        found(house, CertificateKind::Authentication);
        let (chiyoda, chuo) = (town(CHIYODA), town(CHUO));
        let asked = asked(&codes[0]);
        let again = |of, id| {
            let (actor, purpose) = (Actor::Municipality(of), Purpose::Certification);
            house.act(|work| certificate_again(work, &actor, purpose, (&asked, id)))
        };
        assert_eq!(list(house, CHIYODA, &codes[0]).unwrap().certificates, []);
        let (actor, purpose) = (Actor::Municipality(chiyoda), Purpose::Certification);
        let intended = house.act(|work| intend(work, &actor, purpose, &asked)).unwrap();
        let listed = list(house, CHIYODA, &codes[0]).unwrap();
        let one = &listed.certificates[0];
        assert_eq!((one.id, one.state, one.act), (intended.id, State::Intended, intended.act));
        assert_eq!(one.authority, intended.authority().word());

        // What is still open is no reading; what was issued is one.
        let acts = acts_of(house);
        again(chiyoda, intended.id).unwrap();
        assert_eq!(acts_of(house), acts);
        let now_signed = sign(&house.platform, &intended).unwrap();
        let issued = house.act(|work| conclude(work, &now_signed)).unwrap();
        again(chiyoda, intended.id).unwrap();
        assert_eq!(acts_of(house), acts + 2);
        let found = signed(&house.platform, intended.id).unwrap();
        assert_eq!(house.act(|work| conclude(work, &found)).unwrap(), issued);
        let one = list(house, CHIYODA, &codes[0]).unwrap().certificates.remove(0);
        assert_eq!((one.state, one.act), (State::InForce, issued.act));

        for problem in [list(house, CHUO, &codes[0]).err(), again(chuo, intended.id).err()] {
            assert_eq!(problem.map(|problem| problem.label()), Some("resident_absent"));
        }
        let other = ports::rows::CertificateId { serial: 7_777, ..intended.id };
        assert_eq!(again(chiyoda, other).unwrap_err().label(), "certificate_absent");
    });
}

#[test]
fn the_time_is_stamped_by_a_clock_that_is_not_behind() {
    on_both(|house| {
        let imprint = Imprint::new(ImprintHash::Sha384, &[7; 48]).unwrap();
        let asked =
            TimeStampRequest { imprint, policy: None, nonce: Some(&[9]), certificate_asked: false };
        let asked = asked.encode();
        let stamper = Stamper::new(house.platform.clone());
        let is = |answer: &[u8], failure: TimeStampFailure| {
            let bits = failure.response("");
            answer.ends_with(&bits[bits.len() - 3..])
        };
        assert!(is(&stamper.answer(&asked), TimeStampFailure::SystemFailure), "no delegate yet");
        found(house, CertificateKind::Signature);
        let answer = stamper.answer(&asked);
        let stamp = TimeStamp::parse(&answer).unwrap();
        assert_eq!((stamp.info().imprint, stamp.info().nonce), (imprint, Some(&[9][..])));
        assert_eq!(stamp.info().at, base::Clock::now(&*house.clock));
        assert!(stamp.certificates().is_empty());
        house.clock.pass_hours(-1);
        assert!(is(&stamper.answer(&asked), TimeStampFailure::TimeNotAvailable));
        house.clock.pass_hours(1);
        // A delegate ends; without a new one there are no stamps.
        house.clock.pass_hours(31 * 24);
        assert!(is(&stamper.answer(&asked), TimeStampFailure::SystemFailure));
        let count = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        assert_eq!((count(&stamper.tally().stamped), count(&stamper.tally().refused)), (1, 3));
    });
}

#[test]
fn a_checkpoint_gets_its_stamp_after_a_restart_too() {
    on_both(|house| {
        let folder = tempfile::tempdir().unwrap();
        let place = Arc::new(PublicationDirectory::open(folder.path()).unwrap());
        let publish = || {
            let mut publisher = Publisher::open(house.platform.clone(), place.clone()).unwrap();
            publisher.publish().unwrap();
            publisher.size()
        };
        let size = publish();
        assert_eq!(published_stamp(&*place, size).unwrap_err().label(), "time_stamp_absent");
        found(house, CertificateKind::Signature);
        let size = publish();
        let begun = Instant::now();
        while newest_stamp(&*place).is_err() && begun.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let (response, text) = newest_stamp(&*place).unwrap();
        let note = place.read("checkpoint").unwrap().unwrap();
        assert!(note.starts_with(&text) && note[text.len()..].starts_with(b"\n"));
        let imprint = Imprint::new(ImprintHash::Sha256, &x509::sha256(&text)).unwrap();
        assert_eq!(TimeStamp::parse(&response).unwrap().info().imprint, imprint);
        assert_eq!(published_text(&*place, size).unwrap(), text);
        // What has its stamp keeps it.
        assert_eq!(publish(), size);
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(published_stamp(&*place, size).unwrap(), response);
    });
}
