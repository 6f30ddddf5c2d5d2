/** In which time zone does an alert's patient live? Until the patients are known: undefined, the reader's own. */
import { useQuery } from "@tanstack/react-query";

import { patientsQuery } from "../../api/queries.ts";

export function useZones(): (patient: string) => string | undefined {
  const { data } = useQuery(patientsQuery);
  return (patient) => data?.find(({ id }) => id === patient)?.zone;
}
