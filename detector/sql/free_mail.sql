-- Mail domains that belong to nobody's employer and so never form an organization; the config may add some.
-- `freemail.example` stands for them in the samples.
-- grain: domain
-- reads:
select cast(domain as varchar) as domain from (values
  ('126.com'), ('163.com'), ('aol.com'), ('att.net'), ('bigpond.com'), ('bluewin.ch'), ('bol.com.br'),
  ('btinternet.com'), ('comcast.net'), ('fastmail.com'), ('free.fr'), ('freemail.example'), ('freenet.de'),
  ('gmail.com'), ('gmx.com'), ('gmx.de'), ('gmx.net'), ('googlemail.com'), ('hey.com'), ('hotmail.co.uk'),
  ('hotmail.com'), ('hotmail.fr'), ('icloud.com'), ('interia.pl'), ('laposte.net'), ('libero.it'), ('live.co.uk'),
  ('live.com'), ('mac.com'), ('mail.com'), ('mail.ru'), ('me.com'), ('msn.com'), ('naver.com'), ('o2.pl'),
  ('onet.pl'), ('orange.fr'), ('outlook.com'), ('proton.me'), ('protonmail.com'), ('qq.com'), ('rediffmail.com'),
  ('sbcglobal.net'), ('seznam.cz'), ('sky.com'), ('t-online.de'), ('terra.com.br'), ('tiscali.it'), ('uol.com.br'),
  ('verizon.net'), ('virgilio.it'), ('wanadoo.fr'), ('web.de'), ('wp.pl'), ('yahoo.co.uk'), ('yahoo.com'),
  ('yandex.com'), ('yandex.ru'), ('ymail.com'), ('zoho.com')
) as known (domain)
