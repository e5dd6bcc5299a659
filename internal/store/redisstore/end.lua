-- Ends one session of a person, or all but the one kept.

if step.session then
  local raw = redis.call('GET', base .. 's:' .. step.session)
  if not raw or struct.unpack('>I2c0', raw) ~= step.address then return 0 end
  end_session(step.session, now)
  return 1
end
local ended = {}
each_session(step.address, function(session)
  if session ~= step.keep then
    end_session(session, now)
    table.insert(ended, session)
  end
end)
return ended
