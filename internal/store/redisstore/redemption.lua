-- An attempt to sign in. A link is found by its token in bylink.lua, or by a code
-- in bycode.lua; signin.lua goes on from there. The outcome is one of their
-- words; nothing is written with those that begin with a dash.

local now, browser, site, elsewhere, link, codes, policy, revision, session, session_expires, session_life,
  replace, mark, language, fresh =
  struct.unpack('>i8I2c0I2c0BI2c0I2c0I2c0I2c0I2c0i8I2c0I2c0I2c0I2c0I2c0', ARGV[1])
local session_rest = ARGV[2]

-- answer tells the outcome, a number and texts that belong to it, and what
-- follows a link's policy.
local function answer(outcome, number, policy, person, rest)
  return struct.pack('>I2c0i8I2c0I2c0', #outcome, outcome, number or 0, #(policy or ''), policy or '', #(person or ''), person or '') ..
    (rest or '')
end

-- same_step answers a step that was done before, when its answer got lost. It
-- knows itself again by the session that it made, if that is still there.
local function same_step(made, new, rest)
  if made ~= session or redis.call('EXISTS', base .. 's:' .. session) == 0 then return nil end
  return answer('signed in', new, '', '', rest)
end
