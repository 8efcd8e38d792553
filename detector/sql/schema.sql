-- What is kept from night to night; everything else is derived from it (see tables.py and refresh.py).
create table meta (schema_version integer not null);
insert into meta values (1);

-- One row per version of a file that was read; grain: file_id. A grown file has a second row that starts where the
-- first one ended. `sha256` is of the decompressed bytes up to the last whole record. A table needs no newline at its
-- end, so one without (`is_torn`) may have been cut: when it has grown it is read anew, and this version is dropped.
create table files (
  file_id integer not null, sha256 varchar not null, byte_count bigint not null, from_record bigint not null,
  is_torn boolean not null, settings varchar not null, name varchar not null, format varchar not null, identity varchar not null, framing varchar not null, encoding varchar not null,
  records bigint not null, events bigint not null, ignored bigint not null, rejected bigint not null,
  blank bigint not null, held bigint not null, assumptions varchar not null, first_as_of timestamp not null
);

create type event_type as enum (
  'arrived', 'identified', 'queued', 'expired', 'noted', 'accepted', 'delivered', 'deferred', 'bounced', 'dropped'
);

-- One logged fact about one message and mostly one recipient; grain: file_id, record_number, part.
create table events (
  file_id integer not null, record_number bigint not null, part integer not null, source varchar not null,
  type event_type not null, at_us bigint not null, sent_at_us bigint, message_key varchar not null, recipient varchar,
  sender varchar, message_id varchar, subject varchar, template varchar, organization varchar, size bigint,
  next_key varchar
);

-- Records no one could read; grain: file_id, record_number.
create table rejects (file_id integer not null, record_number bigint not null, reason varchar not null, text varchar);

-- Every incident ever known, as of the newest night; grain: incident_id.
create table incidents (
  incident_id varchar not null, state varchar not null, severity varchar not null, template varchar not null,
  rung varchar not null, sender varchar not null, organizations varchar[] not null, started_at timestamp not null,
  ended_at timestamp not null, detected_at timestamp not null, first_sent_at timestamp not null, ongoing boolean,
  recipients bigint not null, sends bigint not null, excess bigint not null, copies_min bigint not null,
  copies_median double not null, copies_max bigint not null, median_gap_seconds double not null,
  cause varchar not null, cause_candidates varchar not null
);

-- The people of each incident; grain: incident_id, recipient.
create table affected (
  incident_id varchar not null, recipient varchar not null, organization varchar, sends bigint not null,
  expected bigint not null, excess bigint not null, first_sent_at timestamp not null, last_sent_at timestamp not null
);

-- One row per alert that is due or was; grain: notice_key, channel. The truth of what was sent is the journal.
create table notices (
  notice_key varchar not null, incident_id varchar not null, kind varchar not null, channel varchar not null,
  state varchar not null
);
