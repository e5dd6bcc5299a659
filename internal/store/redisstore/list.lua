-- Lists the sessions of a person.

local found = {}
for _, session in ipairs(redis.call('ZRANGE', person_sessions_key(step.address), 0, -1)) do
  local raw = redis.call('GET', session_key(session))
  if raw then
    table.insert(found, session)
    table.insert(found, raw)
  end
end
return found
