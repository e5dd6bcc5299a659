-- Lists the sessions of a person.

local found = {}
each_session(step.address, function(session)
  local raw = redis.call('GET', base .. 's:' .. session)
  if raw then
    table.insert(found, session)
    table.insert(found, raw)
  end
end)
return found
