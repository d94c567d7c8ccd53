-- Persons, their keys, codes and numbers; the feed; stocks; the acts of the ledger; the outbox.
-- One text for both databases. `:int :blob :text` are the types, `:strict` and `:clustered` the table
-- options of SQLite; a block between `-- only DIALECT` and `-- all` is for that database alone.
-- The class, reader and retention of every column stand in crates/seal/columns.toml.

CREATE TABLE setting (
  name :text NOT NULL PRIMARY KEY,
  value :text NOT NULL
) :strict;

CREATE TABLE person (
  id :int NOT NULL PRIMARY KEY CHECK (id > 0),
  municipality :int NOT NULL,
  status :int NOT NULL CHECK (status BETWEEN 0 AND 5),
  number_generation :int CHECK (number_generation BETWEEN 0 AND 7),
  key_generation :int NOT NULL,
  identity :blob,
  contact :blob,
  name_birth_index :blob,
  set_position :int NOT NULL,
  set_digest :blob,
  CHECK (status NOT IN (1, 2, 3, 4) OR identity IS NOT NULL),
  CHECK (status <> 5 OR (identity IS NULL AND contact IS NULL AND name_birth_index IS NULL))
) :strict;
CREATE INDEX person_by_municipality ON person (municipality, id);

CREATE TABLE data_key (
  person :int NOT NULL PRIMARY KEY,
  generation :int NOT NULL,
  epoch :int NOT NULL CHECK (epoch > 0),
  wrapped :blob NOT NULL
) :strict;

CREATE TABLE record_code (
  person :int NOT NULL REFERENCES person (id),
  ordinal :int NOT NULL CHECK (ordinal >= 0),
  code_index :blob NOT NULL,
  code :blob NOT NULL,
  assigned_act :int NOT NULL,
  ended_act :int,
  PRIMARY KEY (person, ordinal)
) :clustered;

CREATE TABLE individual_number (
  person :int NOT NULL REFERENCES person (id),
  generation :int NOT NULL CHECK (generation BETWEEN 0 AND 7),
  number_index :blob NOT NULL,
  number :blob NOT NULL,
  state :int NOT NULL CHECK (state BETWEEN 0 AND 2),
  assigned_act :int NOT NULL,
  ended_act :int,
  PRIMARY KEY (person, generation),
  CHECK ((state = 2) = (ended_act IS NOT NULL))
) :clustered;

-- Whose a code or a number is, over all time (N1), and who has a name. Tables of their own, and not
-- indexes, so that a commit writes them in the order of their keys: in a large registry each new row
-- would otherwise search, and wait for, a page of its own.
CREATE TABLE code_holder (
  code_index :blob NOT NULL PRIMARY KEY,
  person :int NOT NULL,
  ordinal :int NOT NULL
) :clustered;

CREATE TABLE number_holder (
  number_index :blob NOT NULL PRIMARY KEY,
  person :int NOT NULL,
  generation :int NOT NULL
) :clustered;

CREATE TABLE name_holder (
  name_birth_index :blob NOT NULL,
  person :int NOT NULL,
  PRIMARY KEY (name_birth_index, person)
) :clustered;

CREATE TABLE feed_message (
  municipality :int NOT NULL,
  sequence :int NOT NULL CHECK (sequence > 0),
  digest :blob NOT NULL,
  act :int,
  label :text,
  content :blob,
  PRIMARY KEY (municipality, sequence),
  CHECK ((act IS NULL) = (content IS NOT NULL))
) :clustered;
CREATE INDEX feed_message_waiting ON feed_message (municipality, sequence) WHERE act IS NULL;
CREATE INDEX feed_message_refused ON feed_message (municipality, sequence) WHERE label IS NOT NULL;

CREATE TABLE feed_cursor (
  municipality :int NOT NULL PRIMARY KEY,
  next :int NOT NULL CHECK (next > 0),
  waiting :int NOT NULL CHECK (waiting >= 0)
) :strict;

CREATE TABLE stock (
  id :int NOT NULL PRIMARY KEY,
  municipality :int NOT NULL,
  first :int NOT NULL UNIQUE CHECK (first >= 0),
  count :int NOT NULL CHECK (count > 0),
  used :int NOT NULL CHECK (used BETWEEN 0 AND count)
) :strict;
CREATE INDEX stock_by_municipality ON stock (municipality, id);

CREATE TABLE act (
  id :int NOT NULL PRIMARY KEY CHECK (id >= 0),
  subject :blob,
  entry :blob NOT NULL
) :strict;

-- Acts by subject, in runs: each run indexes the next so many acts, sorted, and is written once at the
-- right edge of the table. A random place per act would cost a page of the disk per act.
CREATE TABLE subject_run (
  id :int NOT NULL PRIMARY KEY CHECK (id > 0),
  end_act :int NOT NULL
) :strict;

CREATE TABLE subject_act (
  run :int NOT NULL,
  subject :blob NOT NULL,
  act :int NOT NULL,
  PRIMARY KEY (run, subject, act)
) :clustered;

CREATE TABLE outbox (
  act :int NOT NULL,
  topic :int NOT NULL,
  municipality :int NOT NULL,
  person :int NOT NULL,
  PRIMARY KEY (topic, act)
) :clustered;

CREATE TABLE number_list (
  municipality :int NOT NULL,
  list :int NOT NULL CHECK (list > 0),
  act :int NOT NULL,
  entries :int NOT NULL,
  digest :blob NOT NULL,
  PRIMARY KEY (municipality, list)
) :clustered;

-- What was committed for a municipality and may not stand in its files yet.
CREATE TABLE delivery (
  municipality :int NOT NULL,
  list :int NOT NULL CHECK (list > 0),
  content :blob NOT NULL,
  PRIMARY KEY (municipality, list)
) :strict;

CREATE TABLE answer (
  actor :text NOT NULL,
  key :text NOT NULL,
  digest :blob NOT NULL,
  act :int NOT NULL,
  answer :blob NOT NULL,
  PRIMARY KEY (actor, key)
) :clustered;

CREATE TABLE checkpoint (
  size :int NOT NULL PRIMARY KEY CHECK (size >= 0),
  root :blob NOT NULL,
  note :text NOT NULL,
  at :int NOT NULL
) :strict;

-- What witnesses said of a checkpoint, by their verifier keys.
CREATE TABLE cosignature (
  size :int NOT NULL REFERENCES checkpoint (size),
  witness :text NOT NULL,
  line :text NOT NULL,
  PRIMARY KEY (size, witness)
) :clustered;

-- The ledger only grows (invariant G1), and a code or number once given stays its holder's (N1): the
-- database itself refuses what would change that. Triggers that fire when a row comes in would cost an
-- embedded commit a fifth of its time; there, the statement that writes keeps the index as it was.
-- only sqlite
CREATE TRIGGER act_is_final BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'acts are final'); END;
CREATE TRIGGER act_stays BEFORE DELETE ON act BEGIN SELECT RAISE(ABORT, 'acts are final'); END;
CREATE TRIGGER checkpoint_is_new BEFORE INSERT ON checkpoint
  WHEN EXISTS (SELECT 1 FROM checkpoint WHERE size = NEW.size)
  BEGIN SELECT RAISE(ABORT, 'checkpoints are final'); END;
CREATE TRIGGER checkpoint_is_final BEFORE UPDATE ON checkpoint
  BEGIN SELECT RAISE(ABORT, 'checkpoints are final'); END;
CREATE TRIGGER checkpoint_stays BEFORE DELETE ON checkpoint
  BEGIN SELECT RAISE(ABORT, 'checkpoints are final'); END;
CREATE TRIGGER cosignature_is_new BEFORE INSERT ON cosignature
  WHEN EXISTS (SELECT 1 FROM cosignature WHERE size = NEW.size AND witness = NEW.witness)
  BEGIN SELECT RAISE(ABORT, 'cosignatures are final'); END;
CREATE TRIGGER cosignature_is_final BEFORE UPDATE ON cosignature
  BEGIN SELECT RAISE(ABORT, 'cosignatures are final'); END;
CREATE TRIGGER cosignature_stays BEFORE DELETE ON cosignature
  BEGIN SELECT RAISE(ABORT, 'cosignatures are final'); END;
CREATE TRIGGER code_stays BEFORE DELETE ON record_code
  BEGIN SELECT RAISE(ABORT, 'codes are never given again'); END;
CREATE TRIGGER number_stays BEFORE DELETE ON individual_number
  BEGIN SELECT RAISE(ABORT, 'numbers are never given again'); END;
CREATE TRIGGER code_holder_is_final BEFORE UPDATE ON code_holder
  WHEN (NEW.code_index, NEW.person, NEW.ordinal) <> (OLD.code_index, OLD.person, OLD.ordinal)
  BEGIN SELECT RAISE(ABORT, 'codes are never given again'); END;
CREATE TRIGGER code_holder_stays BEFORE DELETE ON code_holder
  BEGIN SELECT RAISE(ABORT, 'codes are never given again'); END;
CREATE TRIGGER number_holder_is_final BEFORE UPDATE ON number_holder
  WHEN (NEW.number_index, NEW.person, NEW.generation)
    <> (OLD.number_index, OLD.person, OLD.generation)
  BEGIN SELECT RAISE(ABORT, 'numbers are never given again'); END;
CREATE TRIGGER number_holder_stays BEFORE DELETE ON number_holder
  BEGIN SELECT RAISE(ABORT, 'numbers are never given again'); END;
-- only postgresql
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN RAISE EXCEPTION ''rows of % are final'', TG_TABLE_NAME USING ERRCODE = ''23514''; END';
CREATE TRIGGER act_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON act
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cosignature_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON cosignature
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER code_is_final BEFORE UPDATE ON record_code FOR EACH ROW
  WHEN ((NEW.person, NEW.ordinal, NEW.code_index) <> (OLD.person, OLD.ordinal, OLD.code_index))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER code_stays BEFORE DELETE OR TRUNCATE ON record_code
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER number_is_final BEFORE UPDATE ON individual_number FOR EACH ROW
  WHEN ((NEW.person, NEW.generation, NEW.number_index)
    <> (OLD.person, OLD.generation, OLD.number_index))
  EXECUTE FUNCTION refuse_change();
CREATE TRIGGER number_stays BEFORE DELETE OR TRUNCATE ON individual_number
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER code_holder_is_final BEFORE UPDATE ON code_holder FOR EACH ROW
  WHEN (NEW <> OLD) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER code_holder_stays BEFORE DELETE OR TRUNCATE ON code_holder
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER number_holder_is_final BEFORE UPDATE ON number_holder FOR EACH ROW
  WHEN (NEW <> OLD) EXECUTE FUNCTION refuse_change();
CREATE TRIGGER number_holder_stays BEFORE DELETE OR TRUNCATE ON number_holder
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- all
