"""Messages to people who look at no screen: what goes wrong, sent by e-mail or to a web address."""
