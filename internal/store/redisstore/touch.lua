-- Moves the last use and the end of a session on, never back, and never brings
-- back one that has ended.

local record = load(session_key(step.session), SESSION)
if record and record.e > step.seen then
  record.l = math.max(record.l, step.seen)
  record.e = math.max(record.e, step.expires)
  save(session_key(step.session), record, SESSION, record.e)
  redis.call('ZADD', person_sessions_key(record.a), integer(record.e), step.session)
  keep_index(person_sessions_key(record.a))
end
return redis.status_reply('OK')
