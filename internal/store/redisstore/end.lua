-- Ends one session of a person, or all but the one kept.

if step.session then
  local raw = redis.call('GET', session_key(step.session))
  if not raw or struct.unpack('>I2c0', raw) ~= step.address then return 0 end
  end_session(step.session)
  return 1
end
local ended = {}
for _, session in ipairs(redis.call('ZRANGE', person_sessions_key(step.address), 0, -1)) do
  if session ~= step.keep then
    end_session(session)
    table.insert(ended, session)
  end
end
return ended
