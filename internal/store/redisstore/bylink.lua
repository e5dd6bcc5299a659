-- Finds the link of a token. Its signature is ours, so it was a link once.

local raw = redis.call('GET', base .. 'l:' .. link)
if not raw then return answer('-too old') end
