# Checks an assertion of Doorpost. Ruby 3, with the gem jwt.
require 'json'
require 'jwt'
require 'net/http'

ORIGIN = ARGV[0] # of the site: https://app.example.com

# The keys, kept for five minutes; they are fetched again for one that is not known.
KEYS = lambda do |options|
  age = Process.clock_gettime(Process::CLOCK_MONOTONIC) - ($fetched || -1000)
  if age > 300 || (options[:kid_not_found] && age > 10)
    answer = Net::HTTP.get_response(URI("#{ORIGIN}/_doorpost/keys"))
    raise "the keys: #{answer.code}" unless answer.code == '200'
    $keys = JSON.parse(answer.body, symbolize_names: true)
    $fetched = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  end
  $keys
end

# The claims of a good assertion; an exception for any other.
def check(token)
  claims, header = JWT.decode(token, nil, true,
                              algorithms: ['ES256'], jwks: KEYS, leeway: 60,
                              iss: ORIGIN, verify_iss: true, aud: ORIGIN, verify_aud: true, verify_iat: false,
                              required_claims: %w[iss aud sub iat exp])
  raise 'it is a JWT of another kind' unless header['typ'] == 'doorpost+jwt'
  raise 'it is from the future' if claims['iat'] > Time.now.to_i + 60
  claims
end

begin
  claims = check(ARGV[1]) # the header Doorpost-Assertion
rescue StandardError => e
  abort "refused: #{e.message}"
end
puts [claims['sub'], claims['email'], claims['groups'].join(',')].join(' ')
