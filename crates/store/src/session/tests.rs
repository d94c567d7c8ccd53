//! Every query of the port, as SQLite would run it: by an index, and in its order.

use super::*;
use crate::engine::Row;
use crate::migrate::{self, Dialect};
use crate::sqlite::SqliteMigrations;
use base::Moment;
use ports::CertificateView;
use ports::rows::{CertificateId, DelegateKey, OcspKey, Partition};
use rusqlite::Connection;

/// An engine that asks for the plan instead of the rows.
struct Explainer<'c> {
    connection: &'c Connection,
    steps: Vec<String>,
}

impl Engine for Explainer<'_> {
    fn query(&mut self, sql: &str, _: &[Param<'_>], _: &[Type]) -> Result<Vec<Row>, Problem> {
        let sql = format!("EXPLAIN QUERY PLAN {}", sql.replace('$', "?"));
        let mut statement = self.connection.prepare(&sql).unwrap();
        let mut steps = statement.raw_query();
        while let Some(step) = steps.next().unwrap() {
            self.steps.push(step.get(3).unwrap());
        }
        Ok(Vec::new())
    }

    fn look_up(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Option<Row>>, Problem> {
        let conditions: Vec<_> = by.iter().map(|name| format!("{name} = $1")).collect();
        let conditions = conditions.join(" AND ");
        self.query(&format!("SELECT * FROM {} WHERE {conditions}", table.name), &[], &[])?;
        Ok(vec![None; keys.len() / by.len()])
    }

    fn look_up_all(
        &mut self,
        table: &'static Table,
        by: &[&'static str],
        keys: &[Param<'_>],
    ) -> Result<Vec<Vec<Row>>, Problem> {
        let conditions: Vec<_> = by.iter().map(|name| format!("{name} = $1")).collect();
        let (conditions, order) = (conditions.join(" AND "), table.key.join(", "));
        let sql = format!("SELECT * FROM {} WHERE {conditions} ORDER BY {order}", table.name);
        self.query(&sql, &[], &[])?;
        Ok(vec![Vec::new(); keys.len() / by.len()])
    }

    fn write(&mut self, _: &'static Table, _: &[Param<'_>]) -> Result<(), Problem> {
        Ok(())
    }

    fn delete(&mut self, _: &'static Table, _: &[Param<'_>]) -> Result<(), Problem> {
        Ok(())
    }
}

fn plans() -> Vec<String> {
    let mut connection = Connection::open_in_memory().unwrap();
    let at = Moment::from_us(0);
    migrate::run(&mut SqliteMigrations(&mut connection), Dialect::Sqlite, at).unwrap();
    let engine = Explainer { connection: &connection, steps: Vec::new() };
    let mut session = Session { engine, failed: None };
    let of = LocalGovernmentCode::from_five_u32(13_101).unwrap();
    let (person, index) = (PersonId(1), BlindIndex::from_bytes([0; 16]));
    let id = CertificateId { authority: 1, serial: 1 };
    let place = Partition { authority: 1, municipality: Some(of) };
    let asked = [
        session.authorities().is_ok(),
        session.next_serial(1).is_ok(),
        session.intentions(&[id]).is_ok(),
        session.intention_heads(&[id]).is_ok(),
        session.intentions_page(1, 1, 1).is_ok(),
        session.intention_heads_page(1, 1, 1).is_ok(),
        session.open_intentions(id, 1).is_ok(),
        session.certificates(&[id]).is_ok(),
        session.certificates_page(1, 1, 1).is_ok(),
        session.certificates_of(&[person]).is_ok(),
        session.key_holders(&[[0; 32]]).is_ok(),
        session.statuses(&[(Some(of), id)]).is_ok(),
        session.statuses_page(place, None, 1, 1).is_ok(),
        session.next_status_partition(place).is_ok(),
        session.revocation_lists(&[place]).is_ok(),
        session.revocation_lists_page(place, 1).is_ok(),
        session.lists_due(at, 1).is_ok(),
        session.ocsp_answers(&[OcspKey { id, id_hash: 1 }]).is_ok(),
        session.forget_ocsp_answers(at, 1).is_ok(),
        session.newest_delegates(1, 1, 1).is_ok(),
        session.delegates_page(DelegateKey::ZERO, 1).is_ok(),
        session.verifiers(&[String::new()]).is_ok(),
        session.verifiers_page("", 1).is_ok(),
        session.expiries(1, (1, None), 1, 1).is_ok(),
        // Without a row there is no count to read.
        session.status_counts(place).is_err(),
        session.persons(&[person]).is_ok(),
        session.persons_page(person, 1).is_ok(),
        session.set_of(of, person, 1).is_ok(),
        session.persons_named(&index).is_ok(),
        session.last_person().is_ok(),
        session.data_keys(&[person]).is_ok(),
        session.data_keys_not_of(1, person, 1).is_ok(),
        session.codes(&[index]).is_ok(),
        session.codes_of(person).is_ok(),
        session.numbers(&[index]).is_ok(),
        session.numbers_of(person).is_ok(),
        session.messages(&[(of, 1)]).is_ok(),
        session.messages_open(of, true, 1, 1).is_ok(),
        session.messages_open(of, false, 1, 1).is_ok(),
        session.messages_page(of, 1, 1).is_ok(),
        session.cursors(&[of]).is_ok(),
        session.all_cursors().is_ok(),
        session.stocks_of(of).is_ok(),
        session.all_stocks().is_ok(),
        session.act_count().is_ok(),
        session.acts(ActId(0), 1).is_ok(),
        session.acts_about(&[0; 16], None, 1).is_ok(),
        session.outbox(1, None, 1).is_ok(),
        session.outbox_at(1, &[ActId(0)]).is_ok(),
        session.deliveries(1).is_ok(),
        session.lists_of(of).is_ok(),
        session.answers(&[(String::new(), String::new())]).is_ok(),
        session.last_checkpoint().is_ok(),
        session.checkpoints(1, 1).is_ok(),
        session.cosignatures(1, 1).is_ok(),
        session.entry_at(1, 1).is_ok(),
        session.move_entries(1, 2, ([0; 16], 1)).is_ok(),
        session.subject_index().is_ok(),
        session.setting("name").is_ok(),
    ];
    assert!(asked.iter().all(|ok| *ok));
    session.engine.steps
}

#[test]
fn every_query_searches_an_index_and_sorts_nothing_large() {
    let small = [
        // Whole tables of one row per municipality, stock or run; one subject's acts.
        "SCAN feed_cursor",
        "SCAN stock USING INDEX sqlite_autoindex_stock_1",
        "SCAN r",
        "USE TEMP B-TREE FOR ORDER BY",
        // What is not delivered yet, in the order of its key.
        "SCAN delivery USING INDEX sqlite_autoindex_delivery_1",
        // A few authorities.
        "SCAN certification_authority",
        // One end of a key.
        "SCAN checkpoint",
        "SCAN subject_run",
    ];
    let plans = plans();
    let unexpected: Vec<_> = plans
        .iter()
        .filter(|step| !step.starts_with("SEARCH ") && !small.contains(&step.as_str()))
        .collect();
    assert!(unexpected.is_empty(), "{unexpected:#?}");
    let sorted = plans.iter().filter(|step| step.contains("TEMP B-TREE")).count();
    assert_eq!(sorted, 1, "{plans:#?}");
    assert!(
        plans.iter().any(|step| step.contains("SEARCH s USING PRIMARY KEY (run=? AND subject=?"))
    );
}
