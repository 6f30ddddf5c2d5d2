/** Who is signed in, light or dark, and the way out. */
import Button from "@mui/material/Button";
import Divider from "@mui/material/Divider";
import Menu from "@mui/material/Menu";
import MenuItem from "@mui/material/MenuItem";
import { useColorScheme } from "@mui/material/styles";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";

import { client, failureText, type Account } from "../api/client.ts";
import { sessionQuery, type Session } from "../api/queries.ts";
import { Icon } from "../ui/icons.tsx";
import styles from "./frame.module.css";

const SCHEMES = [
  ["light", "Light"],
  ["dark", "Dark"],
  ["system", "As the system"],
] as const;

const LEFT: Session = { account: null, why: "left" };

export function AccountMenu({ account }: { account: Account }) {
  const [anchor, setAnchor] = useState<HTMLElement | null>(null);
  const { mode, setMode } = useColorScheme();
  const cache = useQueryClient();
  const menu = useId();
  const leave = useMutation({
    mutationFn: () => client.DELETE("/api/session"),
    onSuccess: () => {
      cache.setQueryData(sessionQuery.queryKey, LEFT);
      cache.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
    },
  });
  return (
    <>
      <Button
        className={styles["account"]}
        color="inherit"
        size="small"
        startIcon={<Icon name="person" />}
        aria-label={`Account of ${account.name}`}
        aria-haspopup="menu"
        aria-controls={anchor ? menu : undefined}
        aria-expanded={anchor !== null}
        data-testid="account"
        onClick={(event) => {
          setAnchor(event.currentTarget);
        }}
      >
        <span className={styles["who"]}>{account.organisation.name}</span>
      </Button>
      <Menu
        id={menu}
        anchorEl={anchor}
        open={anchor !== null}
        onClose={() => {
          setAnchor(null);
        }}
        slotProps={{ list: { dense: true } }}
      >
        <li className={styles["person"]}>
          <strong>{account.name}</strong>
          <span>{account.email}</span>
          <span>
            {account.role}, {account.organisation.name}
          </span>
        </li>
        <Divider component="li" />
        {SCHEMES.map(([value, label]) => (
          <MenuItem
            key={value}
            role="menuitemradio"
            aria-checked={mode === value}
            selected={mode === value}
            onClick={() => {
              setMode(value);
            }}
          >
            {label}
          </MenuItem>
        ))}
        <Divider component="li" />
        <MenuItem
          data-testid="sign-out"
          disabled={leave.isPending}
          onClick={() => {
            leave.mutate();
          }}
        >
          Sign out
        </MenuItem>
        {leave.isError ? (
          <li className={styles["person"]} role="alert">
            Not signed out: {failureText(leave.error)}
          </li>
        ) : null}
      </Menu>
    </>
  );
}
