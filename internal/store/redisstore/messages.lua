-- Lists messages, the newest first: where the next list begins, and messages.

local listed, from = { '' }, step.from
while true do
  local entries = redis.call('XREVRANGE', OUTBOX, from, '-', 'COUNT', step.n + 1)
  for _, entry in ipairs(entries) do
    -- A message that was retried stands in the stream once more; it is listed
    -- where it began.
    local message = entry[2][1] == 'i' and redis.call('GET', message_key(entry[2][2]))
    if message then
      if #listed > step.n then
        listed[1] = entry[1]
        return listed
      end
      table.insert(listed, message)
    end
    from = '(' .. entry[1]
  end
  if #entries <= step.n then return listed end
end
