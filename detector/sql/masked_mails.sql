-- The mails whose subjects have parts that may be references, under the subject without these.
-- grain: send_id
-- reads: contents
select send_id, recipient, masked_name, content_key from contents where masked_name is not null
