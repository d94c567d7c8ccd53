//! The certification authority, from its founding to a certificate that is revoked: what is issued
//! is read back, told over OCSP and on the lists, and ended by what the register tells.

use crate::house::{CHIYODA, CHUO, House, message, on_both, town};
use authority::CertificateKind;
use authority::certificate::Card;
use authority::trigger::Trigger;
use base::{Actor, Problem, Purpose};
use keys::{OsEntropy, SoftKeyStore};
use numbers::ResidentRecordCode;
use ports::rows::{AuthorityRow, CertificateId};
use ports::{KeyKind, KeyStore};
use sekisho_app::authority_init::{AuthorityAsked, authority_init};
use sekisho_app::certificate_batch::{BatchLine, BatchOrder, BatchReport, certificate_batch};
use sekisho_app::certificate_end::{certificate_end, certificate_release};
use sekisho_app::certificate_finish::{certificate_finish, certificate_of};
use sekisho_app::certificate_issue::{CertificateAsked, Intended, Issued, conclude, intend, sign};
use sekisho_app::number_ask::Whose;
use sekisho_app::ocsp::Responder;
use sekisho_app::revocation_list::RevocationLists;
use sekisho_app::verify::{VerifyReport, verify_lists};
use std::path::PathBuf;
use std::sync::Arc;
use store::PublicationDirectory;
use tempfile::TempDir;
use x509::{
    CertStatus, Certificate, CertificationRequest, Crl, IdHash, IssuerId, KeyAlgorithm, Name,
    OcspRequest, OcspResponse, RevocationReason, Serial, assemble, encode_request_info,
};

/// An authority of both hierarchies with its lists, in a house with residents.
pub(crate) struct Bureau<'a> {
    pub(crate) house: &'a House,
    pub(crate) lists: RevocationLists,
    pub(crate) place: Arc<PublicationDirectory>,
    folder: TempDir,
}

impl<'a> Bureau<'a> {
    pub(crate) fn open(house: &'a House, algorithm: KeyAlgorithm) -> Self {
        for kind in CertificateKind::ALL {
            let asked = AuthorityAsked { kind, algorithm };
            authority_init(&house.platform, &operator(), asked).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let place = Arc::new(PublicationDirectory::open(&folder.path().join("crl")).unwrap());
        let lists = RevocationLists::new(house.platform.clone(), place.clone());
        Self { house, lists, place, folder }
    }

    pub(crate) fn intend(
        &self,
        kind: CertificateKind,
        code: &ResidentRecordCode,
    ) -> Result<Intended, Problem> {
        let asked = asked(kind, code);
        self.house.act(|work| intend(work, &chiyoda(), Purpose::Certification, &asked))
    }

    pub(crate) fn issue(&self, kind: CertificateKind, code: &ResidentRecordCode) -> Issued {
        let intended = self.intend(kind, code).unwrap();
        let signed = sign(&self.house.platform, &intended).unwrap();
        self.house.act(|work| conclude(work, &signed)).unwrap()
    }

    /// The file of a list.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join("crl").join(path)
    }

    /// What does not hold of the published lists.
    pub(crate) fn faults_of_lists(&self) -> Vec<String> {
        let mut report = VerifyReport::default();
        verify_lists(&self.house.platform, &*self.place, &mut report).unwrap();
        report.faults
    }

    /// What OCSP tells of a certificate.
    pub(crate) fn told(&self, issued: &Issued) -> CertStatus {
        self.told_of(issued.id)
    }

    /// The same, of a serial number.
    pub(crate) fn told_of(&self, id: CertificateId) -> CertStatus {
        let responder = Responder::new(self.house.platform.clone());
        let told = responder.answer(&self.request_for(id));
        let response = OcspResponse::parse(&told.response).unwrap();
        response.answers()[0].status
    }

    /// An OCSP request about one certificate.
    pub(crate) fn request_for(&self, id: CertificateId) -> Vec<u8> {
        let authority = self.issuer_of(id.authority);
        let issuer = IssuerId::new(&authority.name, &authority.public_key);
        let id = issuer.certificate(IdHash::Sha1, Serial::try_from(id.serial).unwrap());
        OcspRequest { certificates: vec![id], nonce: None, signed: false }.encode()
    }

    /// What the complete list of a municipality tells of a certificate.
    pub(crate) fn listed(&self, issued: &Issued, of: &str) -> Option<RevocationReason> {
        self.listed_of(issued.id, of)
    }

    /// The same, of a serial number.
    pub(crate) fn listed_of(&self, id: CertificateId, of: &str) -> Option<RevocationReason> {
        let issuer = self.issuer_of(id.authority);
        let path = issuer.list_path(authority::profile::Partition::Municipality(town(of)));
        let bytes = ports::Publication::read(&*self.place, &path).unwrap().unwrap();
        let list = Crl::parse(&bytes).unwrap();
        assert!(list.is_signed_by(&issuer.public_key));
        let entry = list.find(Serial::try_from(id.serial).unwrap());
        entry.map(|entry| entry.reason.unwrap_or(RevocationReason::Unspecified))
    }

    pub(crate) fn issuer_of(&self, id: i64) -> authority::profile::Issuer {
        let kind =
            if id % 2 == 1 { CertificateKind::Signature } else { CertificateKind::Authentication };
        let row = self.authorities().into_iter().find(|row| row.id == id).unwrap();
        let read = Certificate::parse(&row.certificate).unwrap();
        authority::profile::Issuer::of_certificate(kind, &read).unwrap()
    }

    pub(crate) fn authorities(&self) -> Vec<AuthorityRow> {
        let mut rows = Vec::new();
        let read = &mut |view: &mut dyn ports::View| {
            rows = view.authorities()?;
            Ok(())
        };
        self.house.platform.store.snapshot("test", read).unwrap();
        rows
    }
}

pub(crate) fn operator() -> Actor {
    "operator:k.sato".parse().unwrap()
}

pub(crate) fn chiyoda() -> Actor {
    Actor::Municipality(town(CHIYODA))
}

pub(crate) fn asked(kind: CertificateKind, code: &ResidentRecordCode) -> CertificateAsked {
    CertificateAsked {
        kind,
        whose: Whose::Code(code.clone()),
        key: request().into_key(),
        card: Card { end: "2035-04-01".parse().unwrap(), has_pins: true },
        is_ward: false,
        algorithm: None,
    }
}

/// A request of a new holder's key.
fn request() -> CertificationRequest {
    CertificationRequest::parse(&request_der()).unwrap()
}

fn request_der() -> Vec<u8> {
    let keys = SoftKeyStore::in_memory();
    let label = "holder".parse().unwrap();
    let kind = KeyKind::Sign(KeyAlgorithm::P256);
    let at = base::Moment::from_us(0);
    let public = keys.generate(&label, kind, at, &mut OsEntropy::new()).unwrap().public.unwrap();
    let subject = Name::new([(x509::COMMON_NAME, "whatever")]).unwrap();
    let info = encode_request_info(&subject, &public);
    assemble(&info, KeyAlgorithm::P256, &keys.sign(&label, &info).unwrap())
}

fn line(code: &ResidentRecordCode) -> BatchLine {
    let CertificateAsked { kind, whose, card, is_ward, .. } =
        asked(CertificateKind::Authentication, code);
    BatchLine { kind, whose, request: request_der(), card, is_ward }
}

fn order() -> BatchOrder {
    let (actor, purpose) = (chiyoda(), Purpose::Certification);
    BatchOrder { actor, purpose, algorithm: None, chunk: 2 }
}

#[test]
fn a_certificate_lives_from_its_intention_to_its_revocation() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 2);
        for (sequence, code) in (1..).zip(&codes) {
            let entry = message(CHIYODA, sequence, "birth", Some(code));
            assert_eq!(house.take_one(&entry), "applied");
        }
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let signature = bureau.issue(CertificateKind::Signature, &codes[0]);
        let authentication = bureau.issue(CertificateKind::Authentication, &codes[0]);
        let shown = Certificate::parse(&signature.certificate).unwrap();
        assert_eq!(shown.serial(), Serial::try_from(signature.id.serial).ok());
        assert_eq!(bureau.told(&signature), CertStatus::Good);
        assert_eq!(certificate_of(&house.platform, signature.id).unwrap(), signature);
        bureau.lists.make_due().unwrap();
        assert_eq!(bureau.listed(&signature, CHIYODA), None);
        house.clock.pass_hours(1);
        let away = message(CHIYODA, 3, "move_out", Some(&codes[0]));
        assert_eq!(house.take_one(&away), "applied");
        let reason = Some(RevocationReason::AffiliationChanged);
        let at = base::Clock::now(&*house.clock);
        assert_eq!(bureau.told(&signature), CertStatus::Revoked { at, reason });
        assert_eq!(bureau.told(&authentication), CertStatus::Good);
        house.clock.pass_hours(1);
        bureau.lists.make_due().unwrap();
        assert_eq!(bureau.listed(&signature, CHIYODA), reason);
        assert_eq!(bureau.listed(&authentication, CHIYODA), None);
    });
}

#[test]
fn what_is_held_may_come_back() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 1);
        house.take_one(&message(CHIYODA, 1, "birth", Some(&codes[0])));
        let bureau = Bureau::open(house, KeyAlgorithm::P384);
        let issued = bureau.issue(CertificateKind::Authentication, &codes[0]);
        let whose = Whose::Code(codes[0].clone());
        house.clock.pass_hours(1);
        let missing = (&whose, Trigger::ReportedMissing);
        let ended = house
            .act(|work| certificate_end(work, &operator(), Purpose::Certification, missing))
            .unwrap();
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].0, issued.id);
        let reason = Some(RevocationReason::CertificateHold);
        let at = base::Clock::now(&*house.clock);
        assert_eq!(bureau.told(&issued), CertStatus::Revoked { at, reason });
        bureau.lists.make_due().unwrap();
        house.clock.pass_hours(1);
        bureau.lists.make_due().unwrap();
        assert_eq!(bureau.listed(&issued, CHIYODA), reason);
        let back = (&whose, CertificateKind::Authentication);
        let actor = chiyoda();
        house.act(|work| certificate_release(work, &actor, Purpose::Certification, back)).unwrap();
        assert_eq!(bureau.told(&issued), CertStatus::Good);
        house.clock.pass_hours(1);
        bureau.lists.make_due().unwrap();
        assert_eq!(bureau.listed(&issued, CHIYODA), None);
    });
}

#[test]
fn an_intention_that_was_left_is_finished_and_one_that_was_overtaken_is_closed() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 2);
        for (sequence, code) in (1..).zip(&codes) {
            house.take_one(&message(CHIYODA, sequence, "birth", Some(code)));
        }
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let left = bureau.intend(CertificateKind::Authentication, &codes[0]).unwrap();
        let again = bureau.intend(CertificateKind::Authentication, &codes[0]);
        assert!(again.is_err(), "one at a time");
        let overtaken = bureau.intend(CertificateKind::Signature, &codes[1]).unwrap();
        let death = message(CHIYODA, 3, "death", Some(&codes[1]));
        assert_eq!(house.take_one(&death), "applied");
        let signed = sign(&house.platform, &overtaken).unwrap();
        let late = house.act(|work| conclude(work, &signed));
        assert_eq!(late.err().map(|problem| problem.label()), Some("certificate_closed"));
        let finished = certificate_finish(&house.platform, 0).unwrap();
        assert_eq!((finished.issued, finished.closed, finished.left), (1, 0, 0));
        let issued = certificate_of(&house.platform, left.id).unwrap();
        assert_eq!(bureau.told(&issued), CertStatus::Good);
        assert_eq!(certificate_finish(&house.platform, 0).unwrap(), Default::default());
    });
}

#[test]
fn another_towns_resident_is_as_absent_as_nobody() {
    on_both(|house| {
        let codes = house.stock(CHUO, 1);
        house.take_one(&message(CHUO, 1, "birth", Some(&codes[0])));
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let refused = bureau.intend(CertificateKind::Signature, &codes[0]);
        assert_eq!(refused.err().map(|problem| problem.label()), Some("resident_absent"));
    });
}

#[test]
fn a_production_run_answers_every_line_in_order_and_goes_on_after_a_refusal() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 5);
        for (sequence, code) in (1..).zip(&codes) {
            house.take_one(&message(CHIYODA, sequence, "birth", Some(code)));
        }
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        let used = line(&codes[0]);
        let mut forged = line(&codes[1]);
        *forged.request.last_mut().unwrap() ^= 1;
        let unread = Problem::new(&base::labels::REQUEST_MALFORMED, "no line");
        let lines = [
            Ok(used.clone()),
            Ok(forged),
            Ok(BatchLine { whose: Whose::Code(codes[2].clone()), ..used }),
            Ok(line(&codes[3])),
            Err(unread),
            Ok(line(&codes[3])),
            Ok(line(&codes[4])),
        ];
        let mut told = Vec::new();
        let report = certificate_batch(
            &house.platform,
            &order(),
            lines.into_iter(),
            &mut |place, result| told.push((place, result)),
        )
        .unwrap();
        let labels: Vec<_> = told
            .iter()
            .map(|(_, result)| result.as_ref().map_or_else(Problem::label, |_| "issued"))
            .collect();
        assert_eq!(
            labels,
            [
                "issued",
                "proof_of_possession",
                "certificate_key_used",
                "issued",
                "request_malformed",
                "certificate_issuance_under_way",
                "issued"
            ]
        );
        assert!(told.iter().map(|(place, _)| *place).eq(0..7));
        assert_eq!((report.issued, report.refused.values().sum::<u64>()), (3, 4));
        for issued in told.iter().filter_map(|(_, result)| result.as_ref().ok()) {
            assert_eq!(bureau.told(issued), CertStatus::Good);
            assert_eq!(certificate_of(&house.platform, issued.id).unwrap(), *issued);
        }
        let none = certificate_batch(&house.platform, &order(), [].into_iter(), &mut |_, _| ());
        assert_eq!(none.unwrap(), BatchReport::default());
    });
}

#[test]
fn what_would_outlive_its_authority_is_refused_before_anything_is_taken() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 2);
        for (sequence, code) in (1..).zip(&codes) {
            house.take_one(&message(CHIYODA, sequence, "birth", Some(code)));
        }
        let bureau = Bureau::open(house, KeyAlgorithm::P256);
        // The authority ends on 2036-04-01; a certificate of now would end on 2037-04-01.
        house.clock.pass_hours(24 * (365 * 6 + 30));
        let late = Card { end: "2041-04-01".parse().unwrap(), has_pins: true };
        let kind = CertificateKind::Authentication;
        let too_long = CertificateAsked { card: late, ..asked(kind, &codes[0]) };
        let refused = house.act(|work| intend(work, &chiyoda(), Purpose::Certification, &too_long));
        assert_eq!(refused.err().map(|problem| problem.label()), Some("certificate_issuer_ends"));
        // A production run goes on with what fits; no serial number was lost.
        let lines = [Ok(BatchLine { card: late, ..line(&codes[0]) }), Ok(line(&codes[1]))];
        let mut told = Vec::new();
        let told_of = &mut |_, result: Result<Issued, Problem>| told.push(result);
        let report = certificate_batch(&house.platform, &order(), lines.into_iter(), told_of);
        assert_eq!(report.unwrap().refused.get("certificate_issuer_ends"), Some(&1));
        let issued = told.remove(1).unwrap();
        assert_eq!(issued.id.serial, 3, "after the authority's own and its responder's");
        // The next generation gives it.
        let asked = AuthorityAsked { kind, algorithm: KeyAlgorithm::P256 };
        authority_init(&house.platform, &operator(), asked).unwrap();
        house.act(|work| intend(work, &chiyoda(), Purpose::Certification, &too_long)).unwrap();
        certificate_finish(&house.platform, 0).unwrap();
        bureau.lists.make_due().unwrap();
    });
}

#[test]
fn what_a_stopped_production_run_left_open_is_finished() {
    on_both(|house| {
        let codes = house.stock(CHIYODA, 6);
        for (sequence, code) in (1..).zip(&codes) {
            house.take_one(&message(CHIYODA, sequence, "birth", Some(code)));
        }
        let _bureau = Bureau::open(house, KeyAlgorithm::P256);
        let full = || Err(Problem::new(&base::labels::STORE_FULL, "the disk"));
        let lines = codes.iter().enumerate();
        let lines = lines.map(|(at, code)| if at < 5 { Ok(line(code)) } else { full() });
        let mut told = 0;
        let stopped = certificate_batch(&house.platform, &order(), lines, &mut |_, _| told += 1);
        assert_eq!(stopped.unwrap_err().label(), "store_full");
        // Two chunks were stored, and the outcomes of none.
        let finished = certificate_finish(&house.platform, 0).unwrap();
        assert_eq!((told, finished.issued, finished.closed, finished.left), (0, 4, 0, 0));
        assert_eq!(certificate_finish(&house.platform, 0).unwrap(), Default::default());
    });
}
